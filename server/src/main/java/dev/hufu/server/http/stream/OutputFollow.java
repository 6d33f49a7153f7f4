package dev.hufu.server.http.stream;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.RunSpec.OnOutput;
import dev.hufu.protocol.TaskId;
import dev.hufu.server.output.AttemptOutput;
import dev.hufu.server.output.AttemptOutput.Stream;
import dev.hufu.server.output.OutputCursor;
import dev.hufu.server.output.OutputCursor.Piece;
import dev.hufu.server.output.OutputCursor.Positions;
import dev.hufu.server.output.OutputPulse;
import dev.hufu.server.output.Outputs;
import dev.hufu.server.run.RunWaits;
import dev.hufu.server.store.AttemptRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.TaskRecord;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends what a task has written, and what it writes, until it has ended. Each follower holds one buffer and reads when its
 * client takes more; it is woken by the pulse and by changes of the run. Thread-safe.
 */
public final class OutputFollow {
    private static final int BUFFER = 64 << 10;
    private static final long HEARTBEAT_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long CHARACTER_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long PROGRESS_BYTES = 256 << 10;

    /**
     * What is to be sent.
     *
     * @param attempt 0 for the last, and then those that come after it
     * @param only the one stream that is wanted; null for both
     * @param limit of bytes
     */
    public record Wanted(TaskId task, int attempt, @Nullable Stream only, Positions from, long limit) {}

    /** Why it ended. */
    public enum End {
        /** The task, or the attempt that was asked for, has ended, and all was sent. */
        COMPLETE,
        LIMIT,
        CLIENT_GONE,
        SERVER_STOPS
    }

    private final RunStore store;
    private final RunWaits waits;
    private final Outputs outputs;
    private final Timers timers;

    public OutputFollow(RunStore store, RunWaits waits, Outputs outputs, Timers timers) {
        this.store = store;
        this.waits = waits;
        this.outputs = outputs;
        this.timers = timers;
    }

    public End run(Wanted wanted, OutputFormat format, OpenStream stream) throws IOException, InterruptedException {
        try (Session session = new Session(wanted, format, stream)) {
            return session.run();
        }
    }

    /** Sends what an attempt has written up to now. */
    public static void sendNow(AttemptOutput output, Wanted wanted, OutputFormat format, OutputStream target)
            throws IOException {
        OutputCursor cursor = new OutputCursor(output, wanted.from(), wanted.only());
        cursor.look();
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        long remaining = wanted.limit();
        while (remaining > 0) {
            Piece piece = cursor.next(buffer);
            if (piece == null) {
                return;
            }
            piece = cut(piece, remaining);
            int count = format.write(piece, buffer.array(), false, target);
            if (count == 0 && piece.length() > 0) {
                count = format.write(withoutGap(piece), buffer.array(), true, target);
            }
            cursor.take(piece, count);
            remaining -= count;
        }
    }

    private static Piece cut(Piece piece, long remaining) {
        return remaining >= piece.length()
                ? piece
                : new Piece(
                        piece.stream(), piece.gapFrom(), piece.position(), (int) remaining, 0, piece.realtimeNanos());
    }

    private static Piece withoutGap(Piece piece) {
        return new Piece(
                piece.stream(),
                piece.position(),
                piece.position(),
                piece.length(),
                piece.overhang(),
                piece.realtimeNanos());
    }

    /** What is open while an attempt is followed. */
    private record Opened(AttemptOutput output, OutputCursor cursor, OutputPulse.Follower follower)
            implements AutoCloseable {
        @Override
        public void close() {
            follower.close();
            output.close();
        }
    }

    /** One follower; runs on its request's thread. */
    private final class Session implements AutoCloseable {
        private final Wanted wanted;
        private final OutputFormat format;
        private final OpenStream stream;
        private final RunWaits.Watch watch;
        private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        private final boolean reportsProgress;
        private TaskRecord task;
        private int number;
        private Positions from;
        private long remaining;
        private @Nullable Opened opened;
        private Positions reported = Positions.START;
        private long heldSince;
        private boolean held;
        private boolean unflushed;
        private long lastFlush;
        private volatile boolean taskChanged;

        Session(Wanted wanted, OutputFormat format, OpenStream stream) {
            this.wanted = wanted;
            this.format = format;
            this.stream = stream;
            from = wanted.from();
            remaining = wanted.limit();
            lastFlush = timers.nanoTime();
            task = task();
            number = wanted.attempt() > 0 ? wanted.attempt() : lastAttempt(task);
            reportsProgress = store.run(wanted.task().run())
                    .map(run -> run.spec().limits().onOutput() == OnOutput.BLOCK)
                    .orElse(false);
            watch = waits.watch(wanted.task().run(), () -> {
                taskChanged = true;
                stream.wake();
            });
            // It may have changed since it was read.
            taskChanged = true;
        }

        private TaskRecord task() {
            return store.task(wanted.task())
                    .orElseThrow(() -> new IllegalStateException("task " + wanted.task() + " is not there any more"));
        }

        End run() throws IOException, InterruptedException {
            while (true) {
                if (stream.gone()) {
                    return End.CLIENT_GONE;
                }
                if (taskChanged) {
                    taskChanged = false;
                    task = task();
                }
                // Looked at before the output is: what was written when it had ended is all.
                boolean ended = task.isOver(number);
                open();
                send(ended);
                flush();
                if (remaining == 0) {
                    return End.LIMIT;
                }
                if (ended && !stream.over()) {
                    if (wanted.attempt() > 0 || (task.state().terminal() && lastAttempt(task) == number)) {
                        format.end(counts(), stream);
                        stream.flush();
                        return End.COMPLETE;
                    }
                    if (lastAttempt(task) > number) {
                        closeOutput();
                        number++;
                        from = Positions.START;
                        continue;
                    }
                }
                if (stream.ending()) {
                    return End.SERVER_STOPS;
                }
                report();
                pause();
            }
        }

        private void open() throws IOException {
            if (opened != null || attempt().isEmpty()) {
                return;
            }
            AttemptId id = new AttemptId(wanted.task(), number);
            Optional<OutputPulse.Follower> follower = outputs.pulse().follow(id, stream::wake);
            if (follower.isEmpty()) {
                return;
            }
            Optional<AttemptOutput> output = outputs.store().open(id);
            if (output.isEmpty()) {
                follower.get().close();
                return;
            }
            opened = new Opened(output.get(), new OutputCursor(output.get(), from, wanted.only()), follower.get());
        }

        private Optional<AttemptRecord> attempt() {
            return task.attempts().stream()
                    .filter(each -> each.number() == number)
                    .findFirst();
        }

        /** Sends all there is, but for the beginning of a character whose rest may come at once. */
        private void send(boolean ended) throws IOException {
            if (opened == null) {
                return;
            }
            OutputCursor cursor = opened.cursor();
            boolean more = true;
            while (more) {
                more = false;
                cursor.look();
                Piece piece = cursor.next(buffer);
                while (piece != null && remaining > 0 && !stream.over()) {
                    if (!send(cursor, cut(piece, remaining), ended)) {
                        return;
                    }
                    more = true;
                    piece = cursor.next(buffer);
                }
            }
        }

        private boolean send(OutputCursor cursor, Piece piece, boolean ended) throws IOException {
            boolean waited = held && timers.nanoTime() - heldSince >= CHARACTER_NANOS;
            boolean whole = ended || waited || piece.length() == remaining;
            int count = format.write(piece, buffer.array(), whole, stream);
            cursor.take(piece, count);
            unflushed |= count > 0 || piece.hasGap();
            if (count == 0 && piece.length() > 0) {
                if (!held) {
                    held = true;
                    heldSince = timers.nanoTime();
                }
                return false;
            }
            held = false;
            remaining -= count;
            if (advanced(cursor) >= PROGRESS_BYTES) {
                report();
            }
            return true;
        }

        private void flush() throws IOException {
            if (unflushed) {
                unflushed = false;
                stream.flush();
                lastFlush = timers.nanoTime();
            }
        }

        private long advanced(OutputCursor cursor) {
            Positions now = read(cursor);
            return now.stdout() - reported.stdout() + now.stderr() - reported.stderr();
        }

        /** Of a stream that is not wanted, all counts as read: nobody else may be there to read it. */
        private Positions read(OutputCursor cursor) {
            Positions sent = cursor.positions();
            Positions written = cursor.written();
            return new Positions(
                    wanted.only() == Stream.STDERR ? written.stdout() : sent.stdout(),
                    wanted.only() == Stream.STDOUT ? written.stderr() : sent.stderr());
        }

        private void report() throws IOException {
            if (!reportsProgress || opened == null) {
                return;
            }
            Positions now = read(opened.cursor());
            if (!now.equals(reported)) {
                flush();
                reported = now;
                outputs.progress().read(task.node(), new AttemptId(wanted.task(), number), now.stdout(), now.stderr());
            }
        }

        private void pause() throws IOException, InterruptedException {
            long now = timers.nanoTime();
            long wait = lastFlush + HEARTBEAT_NANOS - now;
            if (held) {
                wait = Math.min(wait, heldSince + CHARACTER_NANOS - now);
            }
            stream.await(wait);
            if (timers.nanoTime() - lastFlush >= HEARTBEAT_NANOS) {
                format.heartbeat(stream);
                stream.flush();
                lastFlush = timers.nanoTime();
            }
        }

        private OutputFormat.Counts counts() throws IOException {
            Outcome outcome = attempt().map(AttemptRecord::outcome).orElse(null);
            if (outcome != null) {
                Outcome.Output output = outcome.output();
                return new OutputFormat.Counts(
                        output.stdoutBytes(), output.stderrBytes(), output.truncated() || output.spoolFull());
            }
            if (opened == null) {
                return new OutputFormat.Counts(0, 0, false);
            }
            AttemptOutput.Extent stdout = opened.output().extent(Stream.STDOUT);
            AttemptOutput.Extent stderr = opened.output().extent(Stream.STDERR);
            return new OutputFormat.Counts(stdout.written(), stderr.written(), stdout.hasGap() || stderr.hasGap());
        }

        private void closeOutput() {
            if (opened != null) {
                opened.close();
                opened = null;
            }
            reported = Positions.START;
            held = false;
        }

        @Override
        public void close() {
            closeOutput();
            watch.close();
        }
    }

    /** The last attempt there is, or the first to come. */
    public static int lastAttempt(TaskRecord task) {
        return task.attempts().isEmpty()
                ? task.progress().attempt()
                : task.attempts().getLast().number();
    }
}
