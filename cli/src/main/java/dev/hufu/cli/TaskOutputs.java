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
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The output of tasks, each stream written to its own, and how they ended as an exit code. The caller's thread copies one task;
 * of several, each has a thread of its own, and a piece of one is not torn by another.
 */
final class TaskOutputs {
    private static final Duration POLL = Duration.ofMillis(20);

    private final Surroundings surroundings;
    private final HufuClient client;
    private final Function<TaskId, OutputReader> open;

    TaskOutputs(Surroundings surroundings, HufuClient client, Function<TaskId, OutputReader> open) {
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

    /** Copies what there is now. */
    void print(TaskId task) throws InterruptedException {
        copy(task, 0).forEach((stream, progress) -> say(stream, progress.missing()));
    }

    /**
     * Copies until all have ended; the exit code.
     *
     * @param only null for both streams
     * @param offset where {@code only} begins
     */
    int follow(List<TaskId> tasks, Output.@Nullable Stream only, long offset) throws InterruptedException {
        if (tasks.size() == 1) {
            return ended(tasks.getFirst(), copy(tasks.getFirst(), offset), only);
        }
        List<FutureTask<Integer>> copies = new ArrayList<>();
        for (TaskId task : tasks) {
            FutureTask<Integer> copy = new FutureTask<>(() -> ended(task, copy(task, offset), only));
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

    private Map<Output.Stream, Progress> copy(TaskId task, long offset) throws InterruptedException {
        Map<Output.Stream, Progress> copied = new EnumMap<>(Output.Stream.class);
        for (Output.Stream stream : Output.Stream.values()) {
            copied.put(stream, new Progress(offset, 0));
        }
        try (OutputReader reader = open.apply(task)) {
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

    private int ended(TaskId id, Map<Output.Stream, Progress> copied, Output.@Nullable Stream only)
            throws InterruptedException {
        Task ended = client.task(id);
        while (!ended.state().terminal()) {
            surroundings.timers().sleep(POLL);
            ended = client.task(id);
        }
        String explanation = ExitCode.explanation(ended);
        if (explanation != null) {
            surroundings.say(explanation);
        }
        Task.Written written = ended.output();
        boolean whole = true;
        for (Map.Entry<Output.Stream, Progress> each : copied.entrySet()) {
            Output.Stream stream = each.getKey();
            if (only == null || only == stream) {
                long total = written == null
                        ? 0
                        : stream == Output.Stream.STDOUT ? written.stdoutBytes() : written.stderrBytes();
                Progress progress = each.getValue();
                long missing = progress.missing() + Math.max(0, total - progress.end());
                say(stream, missing);
                whole &= missing == 0;
            }
        }
        // Who cancelled knows that there is no more to come.
        return whole || ended.state() == TaskState.CANCELLED ? ExitCode.of(ended) : ExitCode.HUFU;
    }

    private void say(Output.Stream stream, long missing) {
        if (missing > 0) {
            surroundings.say(missing + " bytes of " + stream.word() + " were not kept (see --limit-output)");
        }
    }
}
