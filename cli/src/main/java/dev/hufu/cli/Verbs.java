package dev.hufu.cli;

import dev.hufu.support.line.VerbSpec;
import java.util.List;
import java.util.Optional;

/** The verbs by their names; each is made only when it is meant. */
final class Verbs {
    static final List<String> NAMES = List.of(
            "server",
            "run",
            "runs",
            "show",
            "logs",
            "cancel",
            "signal",
            "retry",
            "wait",
            "nodes",
            "doctor",
            "audit",
            "version",
            "bench",
            "completion",
            "help");

    static final String SUMMARY = "Takes orders to run command lines, carries them out, and knows what became of each.";

    static final List<VerbSpec.Entry> ENVIRONMENT = List.of(
            new VerbSpec.Entry("HUFU_URL", "the server, where --server is not given"),
            new VerbSpec.Entry("HUFU_TOKEN", "the token; else admin.token of a server on this machine"),
            new VerbSpec.Entry("HUFU_CACERT", "certificate authorities, where --cacert is not given"),
            new VerbSpec.Entry(
                    "HUFU_DATA",
                    "the data directory of a server on this machine (else $XDG_DATA_HOME/hufu, else"
                            + " ~/.local/share/hufu)"),
            new VerbSpec.Entry("NO_COLOR", "if set, no colours"));

    private Verbs() {}

    static Optional<Verb> named(String name) {
        return Optional.ofNullable(
                switch (name) {
                    case "server" -> LaunchedVerb.server();
                    case "run" -> new RunVerb();
                    case "runs" -> new RunsVerb();
                    case "show" -> new ShowVerb();
                    case "logs" -> new LogsVerb();
                    case "cancel" -> new CancelVerb();
                    case "signal" -> new SignalVerb();
                    case "retry" -> new RetryVerb();
                    case "wait" -> new WaitVerb();
                    case "nodes" -> new NodesVerb();
                    case "doctor" -> LaunchedVerb.doctor();
                    case "audit" -> LaunchedVerb.audit();
                    case "version" -> new VersionVerb();
                    case "bench" -> LaunchedVerb.bench();
                    case "completion" -> new CompletionVerb();
                    case "help" -> new HelpVerb();
                    default -> null;
                });
    }

    static List<VerbSpec> specs() {
        return NAMES.stream().map(name -> named(name).orElseThrow().spec()).toList();
    }
}
