package dev.hufu.cli;

import dev.hufu.client.HufuClient;
import dev.hufu.client.Run;
import dev.hufu.client.RunRequest;
import dev.hufu.protocol.Execution;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hufu run}: submits, then streams and exits as the command itself would have. */
@Command(
        name = "run",
        customSynopsis = {
            "hufu run [OPTION]... -- PROGRAM [ARGUMENT]...",
            "       hufu run [OPTION]... --script FILE -- [ARGUMENT]..."
        },
        description = {
            "run a command, and exit as it does",
            "",
            "Streams its stdout and stderr to their own streams, every byte, over a restart of the server too."
                    + " Ctrl-C, HUP and TERM cancel the run, and the output goes on until it has ended; a second one"
                    + " leaves at once. The arguments reach the program as they are: no shell sees them."
        },
        exitCodeListHeading = "%nExit codes%n",
        exitCodeList = {
            "0-255:the program's own",
            "128+n:signal n ended the program",
            "124:it timed out",
            "125:Hufu could not do what was asked: no server, refused, working directory missing, bytes of output not kept",
            "126:the program could not be started",
            "127:the program was not found",
            "130:cancelled",
            "141:the reader of the output has gone (as in '| head -1'): the run was cancelled",
            "2:the command line is wrong"
        })
final class RunVerb implements Callable<Integer>, Complaints.ExitsAsTheRun {
    private final HufuCommand root;

    @Option(
            names = "--timeout",
            paramLabel = "D",
            description = "stop it after this long, as in 30s or 1h30m; 'none' for never (the server's default: 1h)")
    private @Nullable String timeout;

    @Option(
            names = "--kill-grace",
            paramLabel = "D",
            converter = Quantities.DurationConverter.class,
            description = "time between TERM and KILL when it is stopped (5s)")
    private @Nullable Duration killGrace;

    @Option(
            names = "--expires-after",
            paramLabel = "D",
            converter = Quantities.DurationConverter.class,
            description = "do not start it later than this after it was accepted (24h)")
    private @Nullable Duration expiresAfter;

    @Option(names = "--env", paramLabel = "K=V", description = "a variable of its environment; may be repeated")
    private Map<String, String> env = new LinkedHashMap<>();

    @Option(names = "--cwd", paramLabel = "DIR", description = "its working directory on the node (home)")
    private @Nullable String cwd;

    @Option(
            names = "--stdin",
            paramLabel = "FILE",
            description = "its input, read here first; '-' for this stdin (empty)")
    private @Nullable String stdin;

    @Option(
            names = "--limit-output",
            paramLabel = "S",
            converter = Quantities.SizeConverter.class,
            description = "keep so much of each stream, as in 64KiB (16MiB)")
    private @Nullable Long limitOutput;

    @Option(names = "--label", paramLabel = "K=V", description = "a label of the run; may be repeated")
    private Map<String, String> labels = new LinkedHashMap<>();

    @Option(
            names = "--script",
            paramLabel = "FILE",
            description = "run this script, read here, by the interpreter of its '#!' line (/bin/sh)")
    private @Nullable String script;

    @Option(names = "--detach", description = "print the id of the run and exit")
    private boolean detach;

    @Option(
            names = "--idempotency-key",
            paramLabel = "KEY",
            description = "submitted again under the same key within 24 hours, it is the same run")
    private @Nullable String idempotencyKey;

    @Mixin
    private OutputFormat format = new OutputFormat();

    @Parameters(paramLabel = "ARGV", arity = "0..*", hidden = true)
    private List<String> argv = new ArrayList<>();

    RunVerb(HufuCommand root) {
        this.root = root;
    }

    @Override
    public Integer call() throws InterruptedException {
        Surroundings surroundings = root.surroundings();
        RunRequest request = request(new LocalFiles(surroundings.stdin()));
        if (format.json() && !detach) {
            throw root.usage("-o json is for --detach: what the command writes is streamed as it is");
        }
        String key = idempotencyKey == null ? UUID.randomUUID().toString() : idempotencyKey;
        if (!key.matches("[ -~]{1,255}")) {
            throw root.usage("--idempotency-key has 1 to 255 printable ASCII characters");
        }
        try (HufuClient client = root.client()) {
            if (detach) {
                Run run = client.submit(request, key);
                surroundings.page().println(format.json() ? JsonPage.run(client, run.id()) : run.id());
                return ExitCode.SUCCESS;
            }
            Interruption interruption = new Interruption(surroundings, client);
            interruption.listen();
            Run run = client.submit(request, key);
            interruption.accepted(run.id());
            return new AttachedRun(surroundings, client, interruption, run.id().task(0)).follow();
        }
    }

    private RunRequest request(LocalFiles files) {
        for (int i = 0; i < argv.size(); i++) {
            // Java puts this character where bytes are not UTF-8, which the API could not carry.
            if (argv.get(i).indexOf('\ufffd') >= 0) {
                throw root.usage("argument " + (i + 1) + " is not UTF-8");
            }
        }
        RunRequest.Builder request = RunRequest.exec(execution(files));
        if (!env.isEmpty()) {
            request.env(env);
        }
        if (!labels.isEmpty()) {
            request.labels(labels);
        }
        if (cwd != null) {
            request.cwd(cwd);
        }
        if (stdin != null) {
            request.stdin(files.input(stdin));
        }
        if (limitOutput != null) {
            request.outputLimit(limitOutput);
        }
        times(request);
        return request.build();
    }

    private void times(RunRequest.Builder request) {
        if ("none".equals(timeout)) {
            request.noTimeout();
        } else if (timeout != null) {
            request.timeout(duration("--timeout", timeout));
        }
        if (killGrace != null) {
            request.killGrace(killGrace);
        }
        if (expiresAfter != null) {
            request.expiresAfter(expiresAfter);
        }
    }

    private Duration duration(String option, String text) {
        return Quantities.duration(text)
                .orElseThrow(() -> root.usage(
                        option + ": '" + text + "' is not a duration such as 500ms, 30s or 1h30m, nor 'none'"));
    }

    private Execution execution(LocalFiles files) {
        if (script != null) {
            LocalFiles.Script read = files.script(script);
            return new Execution.Script(read.text(), read.interpreter(), argv);
        }
        if (argv.isEmpty()) {
            throw root.usage("nothing to run: give a program after '--', or --script FILE");
        }
        return new Execution.Argv(argv);
    }
}
