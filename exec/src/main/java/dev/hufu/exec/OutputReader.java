package dev.hufu.exec;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Reads an attempt's output at any position, while it runs and after. Holds one descriptor and no buffer. Safe for use by
 * several threads. Positions count what the process wrote, whether it was kept or not.
 */
public interface OutputReader extends AutoCloseable {
    /**
     * What has been written so far, and what of it was kept.
     *
     * @param written bytes the process wrote
     * @param headKept bytes kept from the start; 0 where only the last bytes are kept, as of a process that waits for its
     *     reader
     * @param tailFrom position from which on bytes are kept again; equals {@code headKept} where nothing is missing
     */
    record Extent(long written, long headKept, long tailFrom) {
        /** Whether bytes between the head and the last ones are not kept. */
        public boolean hasGap() {
            return tailFrom > headKept;
        }

        /** The first kept position at or after {@code position}; at most {@code written}. */
        public long nextKept(long position) {
            return position < headKept || position >= tailFrom ? Math.min(position, written) : tailFrom;
        }
    }

    /** From {@code position} on, bytes of {@code stream} arrived at {@code realtimeNanos} (since the epoch). */
    record Arrival(StreamName stream, long position, long realtimeNanos) {}

    /**
     * What of that stream was written and is kept, at this moment.
     *
     * @throws IOException if the attempt file cannot be read, or is damaged
     */
    Extent extent(StreamName stream) throws IOException;

    /**
     * Copies kept bytes from {@code position} on into {@code target}, up to the end of the contiguous range or the target.
     *
     * @return how many; 0 at the end of what was written, or inside the gap (see {@link Extent#nextKept})
     */
    int read(StreamName stream, long position, ByteBuffer target) throws IOException;

    /**
     * The arrivals with these numbers, in order; fewer or none past the last, and none where {@code from} is before
     * {@link #firstArrival}.
     */
    List<Arrival> arrivals(long from, int limit) throws IOException;

    /** The number of the first arrival still kept: 0, unless the process waits for its readers and has written long. */
    long firstArrival() throws IOException;

    @Override
    void close();
}
