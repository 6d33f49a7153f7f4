package dev.hufu.cli;

import dev.hufu.client.HufuClient;
import dev.hufu.client.Output;
import dev.hufu.client.OutputReader;
import dev.hufu.client.Task;
import dev.hufu.protocol.TaskId;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.Option;
import dev.hufu.support.line.UsageException;
import dev.hufu.support.line.VerbSpec;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** {@code hufu logs}: what a task has written, byte for byte, each stream to its own. */
final class LogsVerb implements Verb {
    @Override
    public VerbSpec spec() {
        return VerbSpec.of("logs", "print what a run has written")
                .operands("ID", 1, 1)
                .paragraph(
                        "Of a task that was tried more than once: of its last attempt, and with -f of those that follow it.")
                .paragraph(
                        "Prints stdout on stdout and stderr on stderr, byte for byte. With -f it goes on until the end,"
                                + " over a restart of the server too, and exits as 'hufu run' would have; Ctrl-C ends the"
                                + " reading only. Of a run of several tasks: of one after the other, and with -f of all at once.")
                .option(Option.flag("--follow", "go on until the end, and exit as the run does")
                        .or("-f"))
                .option(Option.words("--stream", "STREAM", List.of("stdout", "stderr"), "this one only"))
                .option(Option.of("--offset", "N", "begin after so many bytes of --stream (0)"))
                .exitCode("0", "printed; with -f, the command succeeded")
                .exitCode("1", "without -f: Hufu could not do what was asked")
                .exitCode("*", "with -f: see hufu run")
                .example("hufu logs --stream stderr $ID > errors.txt", "keep what it complained of")
                .build();
    }

    @Override
    public boolean exitsAsTheRun(Arguments arguments) {
        return arguments.has("--follow");
    }

    @Override
    public int carryOut(Session session, Arguments arguments) throws InterruptedException {
        Target target = Target.of(arguments.operands().getFirst());
        Output.Stream stream = stream(arguments);
        long offset = offset(arguments);
        boolean follow = arguments.has("--follow");
        try (HufuClient client = session.client()) {
            TaskOutputs outputs = new TaskOutputs(
                    session.surroundings(),
                    client,
                    (task, attempt, from) ->
                            follow ? client.follow(task, attempt, stream, from) : soFar(client, task, stream, offset));
            List<TaskId> tasks = tasks(client, target);
            if (follow) {
                return outputs.follow(tasks, 0, stream, offset);
            }
            for (TaskId task : tasks) {
                outputs.print(task);
            }
            return ExitCode.SUCCESS;
        } catch (TaskOutputs.UndeliveredException undelivered) {
            if (undelivered.readerGone()) {
                return ExitCode.READER_GONE;
            }
            throw new Complaints.CannotException(String.valueOf(undelivered.getMessage()));
        }
    }

    private static OutputReader soFar(HufuClient client, TaskId task, Output.@Nullable Stream stream, long offset) {
        return stream == null ? client.outputSoFar(task) : client.outputSoFar(task, stream, offset);
    }

    private static List<TaskId> tasks(HufuClient client, Target target) throws InterruptedException {
        return switch (target) {
            case Target.OfTask of -> List.of(of.task());
            case Target.OfRun of ->
                client.tasks(of.run()).stream().map(Task::id).toList();
        };
    }

    private static Output.@Nullable Stream stream(Arguments arguments) {
        String word = arguments.value("--stream").orElse("");
        return switch (word) {
            case "" -> null;
            case "stdout", "stderr" -> Output.Stream.valueOf(word.toUpperCase(Locale.ROOT));
            default -> throw new UsageException("--stream is stdout or stderr");
        };
    }

    private static long offset(Arguments arguments) {
        String text = arguments.value("--offset").orElse("0");
        if (!text.matches("[0-9]{1,18}")) {
            throw new UsageException("--offset: '" + text + "' is not a number of bytes");
        }
        if (arguments.has("--offset") && !arguments.has("--stream")) {
            throw new UsageException("--offset counts the bytes of one stream: say which with --stream");
        }
        return Long.parseLong(text);
    }
}
