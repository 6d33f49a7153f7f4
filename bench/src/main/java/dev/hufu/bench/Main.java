package dev.hufu.bench;

import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.HelpPage;
import dev.hufu.support.line.LaunchedPrograms;
import dev.hufu.support.line.Option;
import dev.hufu.support.line.UsageException;
import dev.hufu.support.line.VerbSpec;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code hufu bench}: measures Hufu against limits that a small C program finds on the same machine in the same minutes. */
public final class Main {
    private static final int PAGE_WIDTH = 80;

    private final @Nullable String launcher;
    private final PrintStream out;
    private final PrintStream errors;

    Main(@Nullable String launcher, PrintStream out, PrintStream errors) {
        this.launcher = launcher;
        this.out = out;
        this.errors = errors;
    }

    /** Runs one benchmark and exits. */
    public static void main(String[] arguments) throws Exception {
        System.exit(new Main(System.getProperty("hufu.launcher"), System.out, System.err).run(List.of(arguments)));
    }

    static List<String> names() {
        return LaunchedPrograms.bench().operandWords();
    }

    private static Benchmark benchmark(String name) {
        return switch (name) {
            case "exec" -> new ExecBench();
            case "wait" -> new WaitBench();
            case "submit" -> new SubmitBench();
            case "output" -> new OutputBench();
            case "running" -> new RunningBench();
            case "queue" -> new QueueBench();
            case "restart" -> new RestartBench();
            case "start" -> new StartBench();
            case "flood" -> new FloodBench();
            case "latency" -> new LatencyBench();
            case "heap" -> new HeapBench();
            case "peers" -> new PeersBench();
            default -> throw new UsageException("there is nothing to measure by the name '" + name + "'");
        };
    }

    /** The exit code. */
    int run(List<String> words) throws Exception {
        try {
            VerbSpec spec = LaunchedPrograms.bench();
            Arguments arguments = Arguments.read(spec, List.of(Option.HELP), words);
            if (arguments.has("--help")) {
                out.println(HelpPage.of(spec, List.of(Option.HELP), PAGE_WIDTH, false));
                return 0;
            }
            return measure(arguments);
        } catch (UsageException wrong) {
            errors.println("hufu: " + wrong.getMessage());
            errors.println("hufu: try 'hufu bench --help'");
            return 2;
        }
    }

    private int measure(Arguments arguments) throws Exception {
        String name = arguments.operands().getFirst();
        Benchmark benchmark = benchmark(name);
        int rounds = positive(arguments, "--rounds", 5);
        int count = positive(arguments, "--count", benchmark.defaultCount());
        String format = arguments.value(Option.FORMAT.name()).orElse("table");
        if (!format.equals("table") && !format.equals("json")) {
            throw new UsageException("--output is table or json");
        }
        if (launcher == null) {
            throw new UsageException("hufu bench is started by bin/hufu, which it measures");
        }
        try (Place place = Place.open(Path.of(launcher))) {
            Benchmark.Setting setting = new Benchmark.Setting(rounds, count, place);
            Report report = new Report(out, format.equals("json"));
            benchmark.run(setting, report);
            report.end(name, setting);
        }
        return 0;
    }

    private static int positive(Arguments arguments, String option, int otherwise) {
        String text = arguments.value(option).orElse(String.valueOf(otherwise));
        if (!text.matches("[1-9][0-9]{0,8}")) {
            throw new UsageException(option + " is a number from 1, not '" + text + "'");
        }
        return Integer.parseInt(text);
    }
}
