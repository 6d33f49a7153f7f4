package dev.hufu.server;

import dev.hufu.server.config.InvalidConfigException;
import dev.hufu.server.config.ListenConfig;
import dev.hufu.server.config.ServerConfig;
import dev.hufu.server.log.LogConfiguration;
import dev.hufu.support.Threads;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hufu server}: starts a server and stops it on SIGTERM or SIGINT. */
@Command(
        name = "hufu server",
        description =
                "Starts a Hufu server with node \"local\". When it accepts requests it prints one line on stdout.",
        sortOptions = false,
        usageHelpAutoWidth = true)
public final class Main implements Callable<Integer> {
    private static final int EXIT_REFUSED = 1;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "YAML file with what is not given here; docs/configuration.md has every key.")
    private @Nullable String configFile;

    @Option(names = "--check-config", description = "Checks file and options, says what is wrong, and starts nothing.")
    private boolean checkOnly;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Data directory. Default: $$HUFU_DATA, else $$XDG_DATA_HOME/hufu, else ~/.local/share/hufu.")
    private @Nullable String data;

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            description = "Where to listen; port 0 picks one. Default: 127.0.0.1:" + ListenConfig.DEFAULT_PORT + ".")
    private @Nullable String listen;

    @Option(
            names = "--max-running",
            paramLabel = "N",
            description = "Commands that run at once; the rest waits. Default: 1000.")
    private @Nullable String maxRunning;

    @Option(
            names = "--queue",
            paramLabel = "N",
            description = "Commands that wait at most; more are refused with 429. Default: 100000.")
    private @Nullable String queue;

    @Option(
            names = "--drain",
            paramLabel = "D",
            description = "How long a stop waits for requests that are being answered. Default: 10s.")
    private @Nullable String drain;

    @Option(
            names = "--tls-cert",
            paramLabel = "FILE",
            description =
                    "Certificate in PEM, with those that lead to its root: speaks TLS. Read again when it changes.")
    private @Nullable String tlsCertificate;

    @Option(names = "--tls-key", paramLabel = "FILE", description = "The certificate's private key in PEM.")
    private @Nullable String tlsKey;

    @Option(
            names = "--log-format",
            paramLabel = "FORMAT",
            description = "auto, json or text. Default: auto: text on a terminal, else json.")
    private @Nullable String logFormat;

    @Option(names = "--log-level", paramLabel = "LEVEL", description = "error, warn, info or debug. Default: info.")
    private @Nullable String logLevel;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Prints this help.")
    @SuppressWarnings("UnusedVariable") // picocli looks at it
    private boolean help;

    @Spec
    private @Nullable CommandSpec spec;

    private Main() {}

    public static void main(String[] arguments) {
        int exit = new CommandLine(new Main()).execute(arguments);
        if (exit != 0) {
            System.exit(exit);
        }
    }

    @Override
    public Integer call() throws InterruptedException {
        if (spec == null) {
            throw new IllegalStateException("picocli gives the spec");
        }
        PrintWriter errors = spec.commandLine().getErr();
        ServerConfig config;
        try {
            config = ServerConfig.of(options(), System.getenv());
        } catch (InvalidConfigException invalid) {
            invalid.problems().forEach(problem -> errors.println("hufu: " + problem));
            if (!invalid.usage()) {
                return EXIT_REFUSED;
            }
            errors.println("hufu: see hufu server --help");
            return checkOnly ? EXIT_REFUSED : CommandLine.ExitCode.USAGE;
        }
        LogConfiguration.apply(config.log());
        return checkOnly
                ? check(config, spec.commandLine().getOut(), errors)
                : run(config, spec.commandLine().getOut(), errors);
    }

    private ServerConfig.Options options() {
        return new ServerConfig.Options(
                configFile, data, listen, maxRunning, queue, drain, tlsCertificate, tlsKey, logFormat, logLevel);
    }

    private static int check(ServerConfig config, PrintWriter output, PrintWriter errors) {
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

    private static int run(ServerConfig config, PrintWriter output, PrintWriter errors) throws InterruptedException {
        Lifetime lifetime = new Lifetime();
        HufuServer server;
        try {
            server = new HufuServer(config, Version.current(), lifetime::broken);
            lifetime.stops(server);
            server.start();
        } catch (StartRefusedException refused) {
            errors.println("hufu: " + refused.getMessage());
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
                server.stop();
                Runtime.getRuntime().halt(exit.get());
            }));
        }

        void broken() {
            if (exit.compareAndSet(0, EXIT_REFUSED)) {
                LOG.error("A disk failed; the server stops, because it could not keep what it accepts");
                Threads.platform("hufu-broken", () -> System.exit(EXIT_REFUSED)).start();
            }
        }

        void await() throws InterruptedException {
            never.await();
        }
    }
}
