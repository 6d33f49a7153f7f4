package dev.hufu.server.doctor;

import dev.hufu.exec.LauncherConfig;
import dev.hufu.server.auth.Tokens;
import dev.hufu.server.config.InvalidConfigException;
import dev.hufu.server.config.ServerConfig;
import dev.hufu.support.SystemTimers;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.HelpPage;
import dev.hufu.support.line.LaunchedPrograms;
import dev.hufu.support.line.Option;
import dev.hufu.support.line.UsageException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code hufu doctor}: looks at the machine, says what it offers and what follows, and exits. */
public final class Main {
    private static final int EXIT_NOT_ALL_IS_THERE = 1;
    private static final int EXIT_USAGE = 2;
    private static final int PAGE_WIDTH = 80;

    private Main() {}

    /** Looks once and exits. */
    public static void main(String[] words) throws InterruptedException {
        // The locale may be what is wrong.
        PrintStream output = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.exit(run(List.of(words), output, System.err, System.getenv()));
    }

    static int run(List<String> words, PrintStream output, PrintStream errors, Map<String, String> environment)
            throws InterruptedException {
        Arguments arguments;
        String format;
        try {
            arguments = Arguments.read(LaunchedPrograms.doctor(), List.of(Option.HELP), words);
            format = arguments.value(Option.FORMAT.name()).orElse("table");
            if (!format.equals("table") && !format.equals("json")) {
                throw new UsageException("--output is table or json");
            }
        } catch (UsageException wrong) {
            errors.println("hufu: " + wrong.getMessage());
            errors.println("hufu: try 'hufu doctor --help'");
            return EXIT_USAGE;
        }
        if (arguments.has("--help")) {
            output.println(HelpPage.of(LaunchedPrograms.doctor(), List.of(Option.HELP), PAGE_WIDTH, false));
            return 0;
        }
        ServerConfig config;
        try {
            config = ServerConfig.of(options(arguments), environment);
        } catch (InvalidConfigException invalid) {
            invalid.problems().forEach(problem -> errors.println("hufu: " + problem));
            return invalid.usage() ? EXIT_USAGE : EXIT_NOT_ALL_IS_THERE;
        }
        Report report = new Report(findings(config, environment));
        output.print(format.equals("json") ? report.json() + "\n" : report.text());
        output.flush();
        return report.healthy() ? 0 : EXIT_NOT_ALL_IS_THERE;
    }

    private static ServerConfig.Options options(Arguments arguments) {
        return new ServerConfig.Options(
                arguments.value("--config").orElse(null),
                arguments.value("--data").orElse(null),
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    private static List<Finding> findings(ServerConfig config, Map<String, String> environment)
            throws InterruptedException {
        SystemTimers timers = new SystemTimers();
        List<Finding> all = new ArrayList<>();
        all.addAll(new LauncherChecks(LauncherConfig.defaults(), timers::now).all());
        all.addAll(
                new MachineChecks(Path.of("/"), config.execution().maxRunning()).all(new SystemCalls(), timers.now()));
        all.addAll(new DataChecks(config.data(), timers::nanoTime).all());
        all.add(new ServerCheck(
                        environment.getOrDefault("HUFU_URL", ServerCheck.DEFAULT), token(config.data(), environment))
                .ask());
        return all;
    }

    private static String token(Path data, Map<String, String> environment) {
        String given = environment.getOrDefault("HUFU_TOKEN", "");
        if (!given.isEmpty()) {
            return given;
        }
        try {
            return Files.readString(data.resolve(Tokens.FILE_NAME), StandardCharsets.ISO_8859_1)
                    .strip();
        } catch (IOException _) {
            return "";
        }
    }
}
