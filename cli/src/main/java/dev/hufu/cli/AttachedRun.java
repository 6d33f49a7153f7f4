package dev.hufu.cli;

import dev.hufu.cli.OutputCopier.Copied;
import dev.hufu.cli.OutputCopier.UndeliveredException;
import dev.hufu.client.HufuClient;
import dev.hufu.client.HufuException;
import dev.hufu.client.Output;
import dev.hufu.client.Task;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.support.Threads;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * A run's only task as if it ran here: its output copied, its end turned into an exit code. The caller's thread copies
 * stdout, a second one stderr, so that a slow reader of one does not hold up the other.
 */
final class AttachedRun {
    private static final Duration POLL = Duration.ofMillis(20);

    private final Surroundings surroundings;
    private final HufuClient client;
    private final Interruption interruption;
    private final TaskId task;

    AttachedRun(Surroundings surroundings, HufuClient client, Interruption interruption, TaskId task) {
        this.surroundings = surroundings;
        this.client = client;
        this.interruption = interruption;
        this.task = task;
    }

    /** Returns at the task's end, or when its output cannot be handed on; the exit code. */
    int follow() throws InterruptedException {
        FutureTask<Copied> errors = new FutureTask<>(copier(Output.Stream.STDERR, surroundings.stderr())::copy);
        Thread copying = Threads.platform("stderr", errors);
        copying.start();
        try {
            Copied stdout = copier(Output.Stream.STDOUT, surroundings.stdout()).copy();
            Copied stderr = result(errors);
            return ended(awaitEnd(), stdout, stderr);
        } catch (UndeliveredException undelivered) {
            return undelivered(undelivered);
        } catch (HufuException lost) {
            surroundings.say("lost sight of " + task.run() + ", which goes on; 'hufu wait " + task.run()
                    + "' waits for its end");
            throw lost;
        } finally {
            errors.cancel(true);
        }
    }

    private OutputCopier copier(Output.Stream stream, Surroundings.Sink target) {
        return new OutputCopier(client, surroundings.timers(), task, stream, target);
    }

    private static Copied result(FutureTask<Copied> copy) throws InterruptedException {
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

    private Task awaitEnd() throws InterruptedException {
        while (true) {
            Task now = client.task(task);
            if (now.state().terminal()) {
                return now;
            }
            surroundings.timers().sleep(POLL);
        }
    }

    private int ended(Task ended, Copied stdout, Copied stderr) {
        String explanation = ExitCode.explanation(ended);
        if (explanation != null) {
            surroundings.say(explanation);
        }
        Task.Written written = ended.output();
        long missing = missing(Output.Stream.STDOUT, stdout, written == null ? 0 : written.stdoutBytes())
                + missing(Output.Stream.STDERR, stderr, written == null ? 0 : written.stderrBytes());
        // Who cancelled knows that there is no more to come.
        return missing == 0 || ended.state() == TaskState.CANCELLED ? ExitCode.of(ended) : ExitCode.HUFU;
    }

    private long missing(Output.Stream stream, Copied copied, long written) {
        long missing = copied.missing() + Math.max(0, written - copied.end());
        if (missing > 0) {
            surroundings.say(missing + " bytes of " + stream.word() + " were not kept (see --limit-output)");
        }
        return missing;
    }

    private int undelivered(UndeliveredException undelivered) throws InterruptedException {
        if (!undelivered.readerGone()) {
            surroundings.say(String.valueOf(undelivered.getMessage()));
        }
        interruption.cancel(task.run());
        return undelivered.readerGone() ? ExitCode.READER_GONE : ExitCode.HUFU;
    }
}
