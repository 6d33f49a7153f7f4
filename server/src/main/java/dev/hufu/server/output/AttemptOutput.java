package dev.hufu.server.output;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** The output of one attempt. Positions count what the process wrote, whether it was kept or not. Not for several threads. */
public interface AttemptOutput extends AutoCloseable {
    /** One of the two streams. */
    enum Stream {
        STDOUT,
        STDERR
    }

    /**
     * What has been written so far, and what of it was kept.
     *
     * @param headKept bytes kept from the start
     * @param tailFrom position from which on bytes are kept again; equals {@code headKept} where nothing is missing
     */
    record Extent(long written, long headKept, long tailFrom) {
        public boolean hasGap() {
            return tailFrom > headKept;
        }

        /** The first kept position at or after {@code position}; at most {@code written}. */
        public long nextKept(long position) {
            return position < headKept || position >= tailFrom ? Math.min(position, written) : tailFrom;
        }
    }

    /** From {@code position} on, bytes of {@code stream} arrived at this time (nanoseconds since the epoch). */
    record Arrival(Stream stream, long position, long realtimeNanos) {}

    Extent extent(Stream stream) throws IOException;

    /**
     * Copies kept bytes from {@code position} on into {@code target}.
     *
     * @return how many; 0 at the end of what was written, or inside the gap
     */
    int read(Stream stream, long position, ByteBuffer target) throws IOException;

    /** The arrivals with these numbers, in order of arrival over both streams; fewer or none past the last. */
    List<Arrival> arrivals(long from, int limit) throws IOException;

    @Override
    void close();
}
