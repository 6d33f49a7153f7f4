package dev.hufu.server;

import dev.hufu.server.config.InvalidConfigException;
import dev.hufu.server.config.ServerConfig;
import dev.hufu.server.http.HttpServer;
import dev.hufu.server.log.LogConfiguration;
import dev.hufu.support.Threads;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.HelpPage;
import dev.hufu.support.line.LaunchedPrograms;
import dev.hufu.support.line.Option;
import dev.hufu.support.line.UsageException;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code hufu server}: starts a server and stops it on SIGTERM or SIGINT. */
public final class Main {
    private static final int EXIT_REFUSED = 1;
    private static final int EXIT_USAGE = 2;
    /** Stopped in order, and to be started again: not 0, so that a restarter that looks at failures alone does it. */
    private static final int EXIT_REPLACED = 75;

    private static final int PAGE_WIDTH = 80;

    private Main() {}

    public static void main(String[] words) throws InterruptedException {
        int exit = run(List.of(words), System.out, System.err);
        if (exit != 0) {
            System.exit(exit);
        }
    }

    private static int run(List<String> words, PrintStream output, PrintStream errors) throws InterruptedException {
        Arguments arguments;
        try {
            arguments = Arguments.read(LaunchedPrograms.server(), List.of(Option.HELP), words);
        } catch (UsageException wrong) {
            errors.println("hufu: " + wrong.getMessage());
            errors.println("hufu: try 'hufu server --help'");
            return EXIT_USAGE;
        }
        if (arguments.has("--help")) {
            output.println(HelpPage.of(LaunchedPrograms.server(), List.of(Option.HELP), PAGE_WIDTH, false));
            return 0;
        }
        boolean checkOnly = arguments.has("--check-config");
        ServerConfig config;
        try {
            config = ServerConfig.of(options(arguments), System.getenv());
        } catch (InvalidConfigException invalid) {
            invalid.problems().forEach(problem -> errors.println("hufu: " + problem));
            if (!invalid.usage()) {
                return EXIT_REFUSED;
            }
            errors.println("hufu: try 'hufu server --help'");
            return checkOnly ? EXIT_REFUSED : EXIT_USAGE;
        }
        LogConfiguration.apply(config.log());
        return checkOnly ? check(config, output, errors) : serve(config, output, errors);
    }

    private static ServerConfig.Options options(Arguments arguments) {
        return new ServerConfig.Options(
                arguments.value("--config").orElse(null),
                arguments.value("--data").orElse(null),
                arguments.value("--listen").orElse(null),
                arguments.value("--max-running").orElse(null),
                arguments.value("--queue").orElse(null),
                arguments.value("--drain").orElse(null),
                arguments.value("--tls-cert").orElse(null),
                arguments.value("--tls-key").orElse(null),
                arguments.value("--log-format").orElse(null),
                arguments.value("--log-level").orElse(null),
                arguments.value("--store").orElse(null));
    }

    private static int check(ServerConfig config, PrintStream output, PrintStream errors) {
        try {
            HufuServer.check(config);
        } catch (StartRefusedException refused) {
            errors.println("hufu: " + refused.getMessage());
            return EXIT_REFUSED;
        }
        output.println("hufu: the configuration can be used");
        output.flush();
        return 0;
    }

    private static int serve(ServerConfig config, PrintStream output, PrintStream errors) throws InterruptedException {
        // A third of a start is spent on loading the web server, which another core can do while the store is opened.
        Threads.platform("hufu-preload", HttpServer::preload).start();
        Lifetime lifetime = new Lifetime();
        HufuServer server;
        try {
            server = new HufuServer(config, Version.current(), lifetime::broken, lifetime::replaced);
            lifetime.stops(server);
            server.start();
        } catch (StartRefusedException refused) {
            errors.println("hufu: " + refused.getMessage());
            lifetime.refused();
            return EXIT_REFUSED;
        }
        errors.println("hufu: the token is in " + server.tokenFile());
        output.println("hufu: ready on " + server.address());
        output.flush();
        lifetime.await();
        return 0;
    }

    /**
     * From the start to the end of the process. A signal makes the JVM run its shutdown hook; the hook stops the server and
     * then ends the process itself, because only so does a SIGTERM that was obeyed end with 0.
     */
    private static final class Lifetime {
        private static final Logger LOG = LoggerFactory.getLogger(Lifetime.class);

        private final AtomicInteger exit = new AtomicInteger();
        private final CountDownLatch never = new CountDownLatch(1);

        void stops(HufuServer server) {
            Runtime.getRuntime().addShutdownHook(Threads.platform("hufu-stop", () -> {
                try {
                    server.stop();
                } finally {
                    Runtime.getRuntime().halt(exit.get());
                }
            }));
        }

        /** The hook decides how the process ends, also after a start that was given up half-way. */
        void refused() {
            exit.set(EXIT_REFUSED);
        }

        void broken() {
            if (exit.compareAndSet(0, EXIT_REFUSED)) {
                LOG.error("A disk failed; the server stops, because it could not keep what it accepts");
                Threads.platform("hufu-broken", () -> System.exit(EXIT_REFUSED)).start();
            }
        }

        void replaced() {
            if (exit.compareAndSet(0, EXIT_REPLACED)) {
                LOG.warn("The server stops, to be started again from the files that are there now");
                Threads.platform("hufu-replaced", () -> System.exit(EXIT_REPLACED))
                        .start();
            }
        }

        void await() throws InterruptedException {
            never.await();
        }
    }
}
