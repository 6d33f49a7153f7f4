package dev.hufu.bench;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hufu bench}: measures Hufu against limits that a small C program finds on the same machine in the same minutes. */
@Command(
        name = "hufu bench",
        description = {
            "Measures Hufu beside what plain C does on this machine in the same minutes; what counts is the ratio.",
            "",
            "  exec     P1   the process library alone",
            "  wait     P2   submit and wait over HTTP, beside a Go server where there is Go with Gin",
            "  submit   P3   durable submits",
            "  output   P4   a process that writes much",
            "  running  P5   threads and memory of commands that run at once",
            "  queue    P6   heap and submit rate with a long queue",
            "  restart  P7   restart with many runs in the store, and commands that are found again",
            "  start    P8   start of the server, first output of a command",
            "  flood    P11  a full queue",
            "  latency  P13  submit to start, write to follower, cancel to proof",
        },
        sortOptions = false)
public final class Main implements Callable<Integer> {
    /** The verbs. */
    enum Verb {
        EXEC,
        WAIT,
        SUBMIT,
        OUTPUT,
        RUNNING,
        QUEUE,
        RESTART,
        START,
        FLOOD,
        LATENCY
    }

    /** How results are shown. */
    enum Format {
        TABLE,
        JSON
    }

    @Parameters(paramLabel = "WHAT", description = "What to measure.")
    private Verb verb = Verb.EXEC;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "5", description = "Pairs to measure. Default: 5.")
    private int rounds;

    @Option(
            names = "--count",
            paramLabel = "N",
            description = "What one round does: commands, requests, MiB, runs. Default: of the verb.")
    private @Nullable Integer count;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            defaultValue = "table",
            description = "table or json.")
    private Format format = Format.TABLE;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Prints this help.")
    @SuppressWarnings("UnusedVariable") // picocli looks at it
    private boolean help;

    @Spec
    private @Nullable CommandSpec spec;

    private final @Nullable String launcher;
    private final PrintStream out;

    Main(@Nullable String launcher, PrintStream out) {
        this.launcher = launcher;
        this.out = out;
    }

    /** Runs one benchmark and exits. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Main(System.getProperty("hufu.launcher"), System.out))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    private static Benchmark benchmark(Verb verb) {
        return switch (verb) {
            case EXEC -> new ExecBench();
            case WAIT -> new WaitBench();
            case SUBMIT -> new SubmitBench();
            case OUTPUT -> new OutputBench();
            case RUNNING -> new RunningBench();
            case QUEUE -> new QueueBench();
            case RESTART -> new RestartBench();
            case START -> new StartBench();
            case FLOOD -> new FloodBench();
            case LATENCY -> new LatencyBench();
        };
    }

    @Override
    public Integer call() throws Exception {
        if (spec != null && (rounds < 1 || (count != null && count < 1))) {
            throw new ParameterException(spec.commandLine(), "--rounds and --count must be 1 or more");
        }
        if (launcher == null) {
            System.err.println("hufu bench is started by bin/hufu, which it measures.");
            return 2;
        }
        Benchmark benchmark = benchmark(verb);
        try (Place place = Place.open(Path.of(launcher))) {
            Benchmark.Setting setting =
                    new Benchmark.Setting(rounds, count == null ? benchmark.defaultCount() : count, place);
            Report report = new Report(out, format == Format.JSON);
            benchmark.run(setting, report);
            report.end(verb.name().toLowerCase(Locale.ROOT), setting);
        }
        return 0;
    }
}
