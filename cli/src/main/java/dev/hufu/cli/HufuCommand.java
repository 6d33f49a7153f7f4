package dev.hufu.cli;

import dev.hufu.client.HufuClient;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code hufu} itself: what all verbs share, and how every one of them ends. */
@Command(
        name = "hufu",
        description = "Takes orders to run command lines, carries them out, and knows what became of each.",
        optionListHeading = "%nOptions%n",
        commandListHeading = "%nVerbs (hufu VERB --help tells more)%n",
        footerHeading = "%nEnvironment%n",
        footer = {
            "  HUFU_URL      the server, where --server is not given",
            "  HUFU_TOKEN    the token; else admin.token of a server on this machine",
            "  HUFU_DATA     the data directory of a server on this machine",
            "                (else $XDG_DATA_HOME/hufu, else ~/.local/share/hufu)",
            "  NO_COLOR      if set, no colours",
        })
final class HufuCommand implements Runnable {
    private static final Duration OUTAGE = Duration.ofSeconds(60);

    private final Surroundings surroundings;

    @Option(
            names = "--server",
            paramLabel = "URL",
            scope = ScopeType.INHERIT,
            description = "the server (HUFU_URL; else http://127.0.0.1:7433)")
    private @Nullable String server;

    @Spec
    private @Nullable CommandSpec spec;

    private HufuCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /** Carries out a command line; the exit code. */
    static int run(Surroundings surroundings, String... arguments) {
        HufuCommand root = new HufuCommand(surroundings);
        CommandLine commandLine = new CommandLine(root);
        commandLine
                .getCommandSpec()
                .addOption(OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .scopeType(ScopeType.INHERIT)
                        .description("show this help and exit")
                        .build());
        // What follows the program's name is not ours.
        CommandLine run = new CommandLine(new RunVerb(root)).setStopAtPositional(true);
        commandLine
                .addSubcommand(new ServerVerb())
                .addSubcommand(run)
                .addSubcommand(new ShowVerb(root))
                .addSubcommand(new CancelVerb(root))
                .addSubcommand(new WaitVerb(root))
                .addSubcommand(new VersionVerb(root));
        commandLine.setExpandAtFiles(false);
        commandLine.setUsageHelpWidth(80);
        commandLine.setColorScheme(CommandLine.Help.defaultColorScheme(surroundings.coloured() ? Ansi.ON : Ansi.OFF));
        commandLine.setOut(new PrintWriter(surroundings.page(), true, StandardCharsets.UTF_8));
        commandLine.setParameterExceptionHandler((refused, _) -> {
            surroundings.say(String.valueOf(refused.getMessage()));
            surroundings.say("try '" + refused.getCommandLine().getCommandSpec().qualifiedName() + " --help'");
            return ExitCode.USAGE;
        });
        commandLine.setExecutionExceptionHandler(
                new Complaints(surroundings, () -> Access.address(root.server, surroundings.env())));
        int code = commandLine.execute(arguments);
        surroundings.page().flush();
        return code;
    }

    @Override
    public void run() {
        throw usage("a verb is missing");
    }

    Surroundings surroundings() {
        return surroundings;
    }

    /** A client of the server that was named; the caller closes it. */
    HufuClient client() {
        Access access;
        try {
            access = Access.of(server, surroundings.env());
            return access.client()
                    .timers(surroundings.timers())
                    .retryFor(OUTAGE)
                    .connectWithin(Duration.ZERO)
                    .onRetry(new OutageRemark(surroundings, OUTAGE))
                    .build();
        } catch (IllegalArgumentException malformed) {
            throw usage(malformed.getMessage() == null ? "the address is malformed" : malformed.getMessage());
        }
    }

    ParameterException usage(String message) {
        if (spec == null) {
            throw new IllegalStateException("not run by picocli");
        }
        CommandLine commandLine = spec.commandLine();
        CommandLine.ParseResult parsed = commandLine.getParseResult();
        while (parsed != null && parsed.hasSubcommand()) {
            parsed = parsed.subcommand();
            commandLine = parsed.commandSpec().commandLine();
        }
        return new ParameterException(commandLine, message);
    }
}
