package dev.hufu.server.output;

import dev.hufu.server.output.AttemptOutput.Arrival;
import dev.hufu.server.output.AttemptOutput.Extent;
import dev.hufu.server.output.AttemptOutput.Stream;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A place in the output of an attempt, in order of arrival over its streams, that moves on as the process writes. What was
 * not kept, or was overwritten before it could be read, is a gap. Holds small pages of arrivals; not for several threads.
 */
public final class OutputCursor {
    private static final int PAGE = 128;
    private static final int LOOKS = 4;
    private static final int READS = 16;
    private static final long TOGETHER_NANOS = 10_000_000;

    /** The longest rest of a character in UTF-8. */
    private static final int OVERHANG = 3;

    /**
     * What comes next: perhaps a gap, then bytes, which lie in the caller's buffer.
     *
     * @param gapFrom equals {@code position} where nothing is missing
     * @param length how many bytes there are; may be 0 after a gap
     * @param overhang how many bytes of the same stream lie behind them that came after bytes of the other one
     * @param realtimeNanos when the first of them arrived, since the epoch
     */
    public record Piece(Stream stream, long gapFrom, long position, int length, int overhang, long realtimeNanos) {
        public boolean hasGap() {
            return gapFrom < position;
        }
    }

    /** Where each of the streams is read from. */
    public record Positions(long stdout, long stderr) {
        public static final Positions START = new Positions(0, 0);
    }

    private final AttemptOutput output;
    private final ArrivalPages arrivals;
    private final Side stdout;
    private final Side stderr;
    private long number = -1;
    private @Nullable Arrival current;

    /** @param only the one stream that is wanted; null for both */
    public OutputCursor(AttemptOutput output, Positions from, @Nullable Stream only) {
        this.output = output;
        this.arrivals = new ArrivalPages(output, PAGE);
        this.stdout = new Side(Stream.STDOUT, from.stdout(), only != Stream.STDERR);
        this.stderr = new Side(Stream.STDERR, from.stderr(), only != Stream.STDOUT);
    }

    /** Looks at what is written now; {@link #next} goes up to there. */
    public void look() throws IOException {
        stderr.extent = output.extent(Stream.STDERR);
        for (int i = 0; i < LOOKS; i++) {
            // Both counts as of one moment, or the order of what came between would be lost.
            long before = stderr.extent.written();
            stdout.extent = output.extent(Stream.STDOUT);
            stderr.extent = output.extent(Stream.STDERR);
            if (stderr.extent.written() == before) {
                break;
            }
        }
        stdout.written = stdout.extent.written();
        stderr.written = stderr.extent.written();
    }

    /** What was written when it was looked at last. */
    public Positions written() {
        return new Positions(stdout.written, stderr.written);
    }

    /** Up to where it was read; of a stream that is not wanted, where it began. */
    public Positions positions() {
        return new Positions(stdout.position, stderr.position);
    }

    /**
     * What comes next, of which the caller takes as much as it likes by {@link #take}.
     *
     * @param buffer is cleared and filled
     * @return null where there is nothing as of the last look
     */
    public @Nullable Piece next(ByteBuffer buffer) throws IOException {
        while (true) {
            Arrival arrival = current;
            if (arrival != null) {
                Side side = side(arrival.stream());
                if (side.hasMore(number)) {
                    return piece(side, arrival.realtimeNanos(), side.end(number), buffer);
                }
            }
            if (!advance()) {
                return rest(buffer);
            }
        }
    }

    /** Moves on over a gap and so many of the bytes behind it. */
    public void take(Piece piece, int bytes) {
        side(piece.stream()).position = piece.position() + bytes;
    }

    /** Goes to the next arrival, if its bytes were there at the last look. */
    private boolean advance() throws IOException {
        Arrival following = arrivals.at(number + 1);
        if (following == null || following.position() >= side(following.stream()).written) {
            return false;
        }
        number++;
        current = following;
        return true;
    }

    /** Bytes without an arrival, which there are when the list of arrivals is full. */
    private @Nullable Piece rest(ByteBuffer buffer) throws IOException {
        long at = current == null ? 0 : current.realtimeNanos();
        for (Side side : new Side[] {stdout, stderr}) {
            if (side.wanted && side.position < side.written) {
                return piece(side, at, side.written, buffer);
            }
        }
        return null;
    }

    private Piece piece(Side side, long at, long end, ByteBuffer buffer) throws IOException {
        long to = end;
        Arrival first = current;
        while (first != null && to < side.written && to - side.position < buffer.capacity()) {
            Arrival following = arrivals.at(number + 1);
            if (following == null
                    || following.stream() != side.stream
                    || following.realtimeNanos() - first.realtimeNanos() > TOGETHER_NANOS
                    || !advance()) {
                break;
            }
            to = side.end(number);
        }
        long from = side.position;
        for (int i = 0; i < READS; i++) {
            long start = side.extent.nextKept(from);
            if (start >= to) {
                return new Piece(side.stream, from, Math.max(from, start), 0, 0, at);
            }
            int filled = fill(side, start, to, buffer);
            if (filled > 0) {
                int length = (int) Math.min(filled, to - start);
                return new Piece(side.stream, from, start, length, filled - length, at);
            }
            side.extent = output.extent(side.stream);
        }
        // The process writes faster than its last bytes can be read.
        return new Piece(side.stream, from, to, 0, 0, at);
    }

    private int fill(Side side, long start, long to, ByteBuffer buffer) throws IOException {
        buffer.clear();
        long end = Math.min(to + OVERHANG, side.written);
        if (start < side.extent.headKept()) {
            end = Math.min(end, side.extent.headKept());
        }
        buffer.limit((int) Math.min(end - start, buffer.capacity()));
        return output.read(side.stream, start, buffer);
    }

    private Side side(Stream stream) {
        return switch (stream) {
            case STDOUT -> stdout;
            case STDERR -> stderr;
        };
    }

    /** One of the two streams. */
    private final class Side {
        private final Stream stream;
        private final boolean wanted;
        private final ArrivalPages ahead = new ArrivalPages(output, PAGE);
        private Extent extent = new Extent(0, 0, 0);
        private long written;
        private long position;
        private long lookedAt = -1;

        Side(Stream stream, long position, boolean wanted) {
            this.stream = stream;
            this.position = position;
            this.wanted = wanted;
        }

        boolean hasMore(long arrival) throws IOException {
            return wanted && position < written && position < end(arrival);
        }

        /** Where what came with this arrival ends: where the next arrival of this stream begins, or as far as is known. */
        long end(long arrival) throws IOException {
            lookedAt = Math.max(lookedAt, arrival + 1);
            while (true) {
                Arrival found = ahead.at(lookedAt);
                if (found == null) {
                    return written;
                }
                if (found.stream() == stream) {
                    return Math.min(found.position(), written);
                }
                lookedAt++;
            }
        }
    }
}
