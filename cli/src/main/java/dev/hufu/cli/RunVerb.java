package dev.hufu.cli;

import dev.hufu.cli.page.JsonPage;
import dev.hufu.cli.page.Quantities;
import dev.hufu.cli.terminal.Surroundings;
import dev.hufu.client.HufuClient;
import dev.hufu.client.Run;
import dev.hufu.client.RunRequest;
import dev.hufu.client.Task;
import dev.hufu.protocol.Execution;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.TaskId;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.Option;
import dev.hufu.support.line.UsageException;
import dev.hufu.support.line.VerbSpec;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** {@code hufu run}: submits, then streams and exits as the command itself would have. */
final class RunVerb implements Verb {
    @Override
    public VerbSpec spec() {
        return VerbSpec.of("run", "run a command, and exit as it does")
                .synopsis("[OPTION]... -- PROGRAM [ARGUMENT]...")
                .synopsis("[OPTION]... --script FILE -- [ARGUMENT]...")
                .opaqueOperands("ARGUMENT")
                .paragraph(
                        "Streams its stdout and stderr to their own streams, every byte, over a restart of the server"
                                + " too. Ctrl-C, HUP and TERM cancel the run, and the output goes on until it has ended; a"
                                + " second one kills it and leaves. The arguments reach the program as they are: no shell sees"
                                + " them.")
                .option(Option.of("--node", "N", "run it on this node (local)").repeated())
                .option(Option.of(
                        "--where", "EXPR", "run it on the nodes that this is true of, as in \"labels.role == 'web'\""))
                .option(Option.of(
                        "--timeout", "D", "stop it after this long, as in 30s or 1h30m; 'none' for never (1h)"))
                .option(Option.of("--kill-grace", "D", "time between TERM and KILL when it is stopped (5s)"))
                .option(Option.of(
                        "--expires-after", "D", "do not start it later than this after it was accepted (24h)"))
                .option(
                        Option.of(
                                "--retry",
                                "N",
                                "try it again where it did not succeed, up to N attempts in all; the output of each is printed (1)"))
                .option(Option.of("--retry-backoff", "D", "wait a random time up to this, doubled each time (1s)"))
                .option(Option.of("--retry-max-backoff", "D", "and never up to more than this (1m)"))
                .option(Option.of(
                        "--retry-on",
                        "WORDS",
                        "after which ends: exit, signal, timeout, memory, spawn, lost (exit,signal,timeout); after 'lost',"
                                + " where nobody knows how it ended, it may run twice"))
                .option(Option.of("--env", "K=V", "a variable of its environment")
                        .repeated())
                .option(Option.of("--cwd", "DIR", "its working directory on the node (home)"))
                .option(Option.file("--stdin", "FILE", "its input, read here first; '-' for this stdin (empty)"))
                .option(Option.of(
                        "--limit-output",
                        "S",
                        "keep so much of each stream, as in 64KiB (all of it: the command waits for its reader, as on a pipe;"
                                + " with --detach 16MiB)"))
                .option(Option.of(
                        "--user",
                        "USER",
                        "run it as this user of the node: a name, a uid, or uid:gid (the server's own)"))
                .option(Option.of("--memory", "S", "memory that its processes may have together, as in 256MiB"))
                .option(Option.of("--cpus", "N", "processors' worth of time that they may have, as in 1.5"))
                .option(Option.of("--pids", "N", "processes and threads that it may have at a time"))
                .option(Option.of("--files", "N", "descriptors that each of its processes may have open"))
                .option(Option.of("--label", "K=V", "a label of the run").repeated())
                .option(Option.of("--priority", "N", "from -10 to 10; higher goes first (0)"))
                .option(Option.file(
                        "--script",
                        "FILE",
                        "run this script, read here, by the interpreter of its '#!' line (/bin/sh)"))
                .option(Option.flag("--detach", "print the id of the run and exit"))
                .option(Option.of(
                        "--idempotency-key",
                        "KEY",
                        "submitted again under the same key within 24 hours, it is the same run"))
                .option(Option.FORMAT)
                .exitCode("0-255", "the program's own")
                .exitCode("128+n", "signal n ended the program")
                .exitCode("124", "it timed out")
                .exitCode(
                        "125",
                        "Hufu could not do what was asked: no server, refused, working directory missing, bytes of output"
                                + " not kept")
                .exitCode("126", "the program could not be started")
                .exitCode("127", "the program was not found")
                .exitCode("130", "cancelled")
                .exitCode("141", "the reader of the output has gone (as in '| head -1'): the run was cancelled")
                .exitCode("2", "the command line is wrong")
                .exitCode("0, 1", "of a run on several nodes: all succeeded, or not")
                .example("hufu run -- du -sh /var", "run a program, and see what it writes")
                .example("hufu run --timeout 5m --script deploy.sh -- v1.2", "run a script of this machine on the node")
                .example("ID=$(hufu run --detach -- make) && hufu logs -f $ID", "start now, look later")
                .build();
    }

    @Override
    public boolean exitsAsTheRun(Arguments arguments) {
        return true;
    }

    @Override
    public int carryOut(Session session, Arguments arguments) throws InterruptedException {
        Surroundings surroundings = session.surroundings();
        boolean detach = arguments.has("--detach");
        boolean json = session.json();
        if (json && !detach) {
            throw new UsageException("-o json is for --detach: what the command writes is streamed as it is");
        }
        RunRequest request = request(arguments, new LocalFiles(surroundings.stdin()));
        String key = arguments.value("--idempotency-key").orElseGet(RunVerb::key);
        if (!key.matches("[ -~]{1,255}")) {
            throw new UsageException("--idempotency-key has 1 to 255 printable ASCII characters");
        }
        try (HufuClient client = session.client()) {
            if (detach) {
                Run run = client.submit(request, key);
                session.print(json ? JsonPage.run(client, run.id()) : run.id().value());
                return ExitCode.SUCCESS;
            }
            Interruption interruption = new Interruption(surroundings, client);
            interruption.listen();
            Run run = client.submit(request, key);
            interruption.accepted(run.id());
            // What has no selection runs on one node, and another question to the server would delay its first byte.
            boolean one = arguments.values("--node").size() <= 1 && !arguments.has("--where");
            List<TaskId> tasks = one
                    ? List.of(run.id().task(0))
                    : client.tasks(run.id()).stream().map(Task::id).toList();
            try {
                return new TaskOutputs(
                                surroundings,
                                client,
                                (task, attempt, offset) -> client.follow(task, attempt, null, offset))
                        .follow(tasks, 1, null, 0);
            } catch (TaskOutputs.UndeliveredException undelivered) {
                if (!undelivered.readerGone()) {
                    surroundings.say(String.valueOf(undelivered.getMessage()));
                }
                interruption.cancel(run.id());
                return undelivered.readerGone() ? ExitCode.READER_GONE : ExitCode.HUFU;
            }
        }
    }

    /** A key that no other process has. From the kernel, because Java's own way to random bytes loads all its cryptography. */
    private static String key() {
        try (InputStream random = new FileInputStream("/dev/urandom")) {
            byte[] bytes = random.readNBytes(16);
            return bytes.length == 16
                    ? HexFormat.of().formatHex(bytes)
                    : UUID.randomUUID().toString();
        } catch (IOException elsewhere) {
            return UUID.randomUUID().toString();
        }
    }

    private static RunRequest request(Arguments arguments, LocalFiles files) {
        List<String> operands = arguments.operands();
        for (int i = 0; i < operands.size(); i++) {
            // Java puts this character where bytes are not UTF-8, which the API could not carry.
            if (operands.get(i).indexOf('\ufffd') >= 0) {
                throw new UsageException("argument " + (i + 1) + " is not UTF-8");
            }
        }
        if (operands.isEmpty() && !arguments.has("--script")) {
            throw new UsageException("nothing to run: give a program after '--', or --script FILE");
        }
        Duration killGrace = duration("--kill-grace", arguments);
        Duration expiresAfter = duration("--expires-after", arguments);
        Map<String, String> env = pairs("--env", arguments);
        Map<String, String> labels = pairs("--label", arguments);
        long limit = size("--limit-output", arguments);
        int priority = priority(arguments);
        boolean endless = arguments.value("--timeout").orElse("").equals("none");
        Duration timeout = endless ? Duration.ZERO : duration("--timeout", arguments);

        RunRequest.Builder request = RunRequest.exec(execution(arguments, files));
        if (arguments.has("--node")) {
            request.nodes(arguments.values("--node"));
        }
        arguments.value("--where").ifPresent(request::where);
        if (!env.isEmpty()) {
            request.env(env);
        }
        if (!labels.isEmpty()) {
            request.labels(labels);
        }
        arguments.value("--cwd").ifPresent(request::cwd);
        arguments.value("--user").ifPresent(request::user);
        resources(request, arguments);
        arguments.value("--stdin").ifPresent(name -> request.stdin(files.input(name)));
        if (arguments.has("--limit-output")) {
            request.outputLimit(limit);
        } else if (!arguments.has("--detach")) {
            // Every byte: who reads slowly makes the process wait, as on a pipe.
            request.onOutput(RunSpec.OnOutput.BLOCK);
        }
        if (endless) {
            request.noTimeout();
        } else if (arguments.has("--timeout")) {
            request.timeout(timeout);
        }
        if (arguments.has("--kill-grace")) {
            request.killGrace(killGrace);
        }
        if (arguments.has("--expires-after")) {
            request.expiresAfter(expiresAfter);
        }
        retry(request, arguments);
        if (arguments.has("--priority")) {
            request.priority(priority);
        }
        return request.build();
    }

    private static void retry(RunRequest.Builder request, Arguments arguments) {
        if (!arguments.has("--retry")) {
            for (String option : List.of("--retry-backoff", "--retry-max-backoff", "--retry-on")) {
                if (arguments.has(option)) {
                    throw new UsageException(option + " says how to try again: say how often with --retry");
                }
            }
            return;
        }
        request.retry(
                count("--retry", arguments),
                arguments.has("--retry-backoff") ? duration("--retry-backoff", arguments) : null,
                arguments.has("--retry-max-backoff") ? duration("--retry-max-backoff", arguments) : null,
                arguments
                        .value("--retry-on")
                        .map(words -> List.of(words.split(",", -1)))
                        .orElse(List.of()));
    }

    private static void resources(RunRequest.Builder request, Arguments arguments) {
        if (arguments.has("--memory")) {
            request.memoryLimit(size("--memory", arguments));
        }
        arguments.value("--cpus").ifPresent(text -> {
            if (!text.matches("[0-9]{1,6}(\\.[0-9]{1,9})?")) {
                throw new UsageException("--cpus: '" + text + "' is not a number such as 0.5 or 2");
            }
            request.cpuLimit(Double.parseDouble(text));
        });
        if (arguments.has("--pids")) {
            request.pidLimit(count("--pids", arguments));
        }
        if (arguments.has("--files")) {
            request.fileLimit(count("--files", arguments));
        }
    }

    private static int count(String option, Arguments arguments) {
        String text = arguments.value(option).orElse("");
        if (!text.matches("[0-9]{1,9}")) {
            throw new UsageException(option + ": '" + text + "' is not a whole number such as 64");
        }
        return Integer.parseInt(text);
    }

    private static Execution execution(Arguments arguments, LocalFiles files) {
        if (!arguments.has("--script")) {
            return new Execution.Argv(arguments.operands());
        }
        LocalFiles.Script read = files.script(arguments.value("--script").orElseThrow());
        return new Execution.Script(read.text(), read.interpreter(), arguments.operands());
    }

    private static Map<String, String> pairs(String option, Arguments arguments) {
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String text : arguments.values(option)) {
            KeyValue pair = KeyValue.of(option, text);
            pairs.put(pair.key(), pair.value());
        }
        return pairs;
    }

    /** Zero where it is not given. */
    private static Duration duration(String option, Arguments arguments) {
        String text = arguments.value(option).orElse("0ms");
        return Quantities.duration(text)
                .orElseThrow(() -> new UsageException(option + ": '" + text
                        + "' is not a duration such as 500ms, 30s or 1h30m"
                        + (option.equals("--timeout") ? ", nor 'none'" : "")));
    }

    private static long size(String option, Arguments arguments) {
        String text = arguments.value(option).orElse("0");
        return Quantities.size(text)
                .orElseThrow(() ->
                        new UsageException(option + ": '" + text + "' is not a size such as 64KiB, 16MiB or 1GiB"));
    }

    private static int priority(Arguments arguments) {
        String text = arguments.value("--priority").orElse("0");
        if (!text.matches("[+-]?[0-9]{1,4}")) {
            throw new UsageException("--priority: '" + text + "' is not a number from -10 to 10");
        }
        return Integer.parseInt(text);
    }
}
