package dev.hufu.cli;

import dev.hufu.cli.terminal.Surroundings;
import dev.hufu.client.HufuClient;
import dev.hufu.client.HufuException;
import dev.hufu.client.Output;
import dev.hufu.client.OutputEvent;
import dev.hufu.client.OutputReader;
import dev.hufu.client.Task;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.support.Threads;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * The output of tasks, each stream written to its own, and how they ended as an exit code. The caller's thread copies one task;
 * of several, each has a thread of its own, and a piece of one is not torn by another.
 */
final class TaskOutputs {
    private static final Duration POLL = Duration.ofMillis(20);
    private static final Duration LONGEST_POLL = Duration.ofMillis(320);

    private final Surroundings surroundings;
    private final HufuClient client;
    private final Opener open;

    /** Opens the output of an attempt, 0 for the last, from a position on. */
    @FunctionalInterface
    interface Opener {
        OutputReader open(TaskId task, int attempt, long offset);
    }

    TaskOutputs(Surroundings surroundings, HufuClient client, Opener open) {
        this.surroundings = surroundings;
        this.client = client;
        this.open = open;
    }

    /** The bytes could not be handed on. */
    static final class UndeliveredException extends RuntimeException {
        private final boolean readerGone;

        UndeliveredException(String message, boolean readerGone, IOException cause) {
            super(message, cause);
            this.readerGone = readerGone;
        }

        boolean readerGone() {
            return readerGone;
        }
    }

    /**
     * How the copy of a stream goes.
     *
     * @param end the position reached
     * @param missing bytes before it that were not kept
     */
    private record Progress(long end, long missing) {}

    /** Copies what there is now of the last attempt. */
    void print(TaskId task) throws InterruptedException {
        copy(task, 0, 0).forEach((stream, progress) -> say(stream, progress.missing()));
    }

    /**
     * Copies until all have ended, attempt after attempt; the exit code.
     *
     * @param attempt the first that is wanted; 0 for the last of each task
     * @param only null for both streams
     * @param offset where {@code only} begins
     */
    int follow(List<TaskId> tasks, int attempt, Output.@Nullable Stream only, long offset) throws InterruptedException {
        if (tasks.size() == 1) {
            return follow(tasks.getFirst(), attempt, only, offset);
        }
        List<FutureTask<Integer>> copies = new ArrayList<>();
        for (TaskId task : tasks) {
            FutureTask<Integer> copy = new FutureTask<>(() -> follow(task, attempt, only, offset));
            copies.add(copy);
            Threads.virtual("output-" + task.index(), copy).start();
        }
        try {
            int code = ExitCode.SUCCESS;
            for (FutureTask<Integer> copy : copies) {
                code = result(copy) == ExitCode.SUCCESS ? code : ExitCode.FAILURE;
            }
            return code;
        } finally {
            copies.forEach(copy -> copy.cancel(true));
        }
    }

    private int follow(TaskId id, int attempt, Output.@Nullable Stream only, long offset) throws InterruptedException {
        int number = attempt > 0 ? attempt : last(client.task(id));
        Map<Output.Stream, Progress> copied = copy(id, number, offset);
        Task task = settled(id, number);
        boolean whole = true;
        while (number < last(task)) {
            // How much this one wrote is known to the server alone: what it jumped is what is missing.
            whole &= told(copied, only, 0, 0);
            number++;
            copied = copy(id, number, 0);
            task = settled(id, number);
        }
        return ended(task, copied, only, whole);
    }

    /** The task once it has ended, or has another attempt after this one. */
    private Task settled(TaskId id, int attempt) throws InterruptedException {
        Duration poll = POLL;
        Task task = client.task(id);
        while (!task.state().terminal() && last(task) <= attempt) {
            surroundings.timers().sleep(poll);
            poll = poll.multipliedBy(2).compareTo(LONGEST_POLL) < 0 ? poll.multipliedBy(2) : LONGEST_POLL;
            task = client.task(id);
        }
        return task;
    }

    /** The last attempt there is; of a task without one, the one to come. */
    private static int last(Task task) {
        return task.attempts().isEmpty()
                ? Math.max(1, task.attempt())
                : task.attempts().getLast().number();
    }

    private static int result(FutureTask<Integer> copy) throws InterruptedException {
        try {
            return copy.get();
        } catch (ExecutionException failure) {
            switch (failure.getCause()) {
                case RuntimeException cause -> throw cause;
                case InterruptedException cause -> throw cause;
                case null, default -> throw new IllegalStateException(failure);
            }
        }
    }

    private Map<Output.Stream, Progress> copy(TaskId task, int attempt, long offset) throws InterruptedException {
        Map<Output.Stream, Progress> copied = new EnumMap<>(Output.Stream.class);
        for (Output.Stream stream : Output.Stream.values()) {
            copied.put(stream, new Progress(offset, 0));
        }
        try (OutputReader reader = open.open(task, attempt, offset)) {
            OutputEvent event = reader.next().orElse(null);
            while (event != null) {
                copied.put(event.stream(), taken(event, copied.getOrDefault(event.stream(), new Progress(0, 0))));
                event = reader.next().orElse(null);
            }
            return copied;
        } catch (HufuException.Unreachable lost) {
            surroundings.say("lost sight of " + task.run() + ", which goes on; 'hufu logs -f " + task.run()
                    + "' follows it again, 'hufu wait " + task.run() + "' waits for its end");
            throw lost;
        }
    }

    private Progress taken(OutputEvent event, Progress before) {
        // No switch over the types: the first one of a process would hold up the first output by a fifth of its time.
        if (event instanceof OutputEvent.Gap gap) {
            return new Progress(gap.to(), before.missing() + gap.length());
        }
        OutputEvent.Chunk chunk = (OutputEvent.Chunk) event;
        deliver(chunk);
        return new Progress(chunk.offset() + chunk.length(), before.missing());
    }

    /** Without a buffer, so that there is nothing to flush: a piece is as much as the server had at once. */
    private void deliver(OutputEvent.Chunk chunk) {
        Surroundings.Sink target =
                chunk.stream() == Output.Stream.STDOUT ? surroundings.stdout() : surroundings.stderr();
        try {
            synchronized (target) {
                chunk.writeTo(target.bytes());
                target.bytes().flush();
            }
        } catch (IOException failure) {
            throw new UndeliveredException(
                    "cannot write to " + chunk.stream().word() + ": " + failure.getMessage(), target.pipe(), failure);
        }
    }

    private int ended(
            Task ended, Map<Output.Stream, Progress> copied, Output.@Nullable Stream only, boolean wholeBefore) {
        String explanation = ExitCode.explanation(ended);
        if (explanation != null) {
            surroundings.say(explanation);
        }
        Task.Written written = ended.output();
        boolean whole = told(
                copied, only, written == null ? 0 : written.stdoutBytes(), written == null ? 0 : written.stderrBytes());
        // Who cancelled knows that there is no more to come.
        return (whole && wholeBefore) || ended.state() == TaskState.CANCELLED ? ExitCode.of(ended) : ExitCode.HUFU;
    }

    /** Says what is missing, and answers whether nothing is. */
    private boolean told(
            Map<Output.Stream, Progress> copied, Output.@Nullable Stream only, long stdoutBytes, long stderrBytes) {
        boolean whole = true;
        for (Map.Entry<Output.Stream, Progress> each : copied.entrySet()) {
            Output.Stream stream = each.getKey();
            if (only == null || only == stream) {
                long total = stream == Output.Stream.STDOUT ? stdoutBytes : stderrBytes;
                Progress progress = each.getValue();
                long missing = progress.missing() + Math.max(0, total - progress.end());
                say(stream, missing);
                whole &= missing == 0;
            }
        }
        return whole;
    }

    private void say(Output.Stream stream, long missing) {
        if (missing > 0) {
            surroundings.say(missing + " bytes of " + stream.word() + " were not kept (see --limit-output)");
        }
    }
}
