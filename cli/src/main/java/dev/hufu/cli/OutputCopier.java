package dev.hufu.cli;

import dev.hufu.client.HufuClient;
import dev.hufu.client.Output;
import dev.hufu.protocol.TaskId;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.time.Duration;

/** Copies one stream of a task, every byte, until the task has ended; by one thread, which an interrupt stops. */
final class OutputCopier {
    private static final int PIECE = 1 << 20;
    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(20);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(200);
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);

    private final HufuClient client;
    private final Timers timers;
    private final TaskId task;
    private final Output.Stream stream;
    private final Surroundings.Sink target;

    OutputCopier(HufuClient client, Timers timers, TaskId task, Output.Stream stream, Surroundings.Sink target) {
        this.client = client;
        this.timers = timers;
        this.task = task;
        this.stream = stream;
        this.target = target;
    }

    /**
     * How a copy went.
     *
     * @param end the position reached
     * @param missing bytes up to there that were not kept
     */
    record Copied(long end, long missing) {}

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

    Copied copy() throws InterruptedException {
        long offset = 0;
        long missing = 0;
        boolean ended = false;
        Duration pause = SHORTEST_PAUSE;
        long looked = timers.nanoTime();
        while (true) {
            Output piece = client.output(task, stream, offset, PIECE);
            deliver(piece);
            missing += piece.nextOffset() - offset - piece.length();
            boolean idle = piece.nextOffset() == offset;
            offset = piece.nextOffset();
            if (!idle) {
                pause = SHORTEST_PAUSE;
                continue;
            }
            // Only a read that began after the end was known shows that nothing follows.
            if (ended) {
                return new Copied(offset, missing);
            }
            if (piece.complete()) {
                ended = true;
                continue;
            }
            if (timers.nanoTime() - looked > BETWEEN_LOOKS.toNanos()) {
                looked = timers.nanoTime();
                ended = client.task(task).state().terminal();
            }
            if (!ended) {
                timers.sleep(pause);
                pause = pause.multipliedBy(3).dividedBy(2).compareTo(LONGEST_PAUSE) > 0
                        ? LONGEST_PAUSE
                        : pause.multipliedBy(3).dividedBy(2);
            }
        }
    }

    private void deliver(Output piece) {
        try {
            piece.writeTo(target.bytes());
            target.bytes().flush();
        } catch (IOException failure) {
            throw new UndeliveredException(
                    "cannot write to " + stream.word() + ": " + failure.getMessage(), target.pipe(), failure);
        }
    }
}
