package dev.hufu.server.http;

import dev.hufu.protocol.AttemptId;
import dev.hufu.server.output.AttemptOutput;
import dev.hufu.server.output.OutputStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Output in memory, of which a head and a tail are kept. */
final class FakeOutputStore implements OutputStore {
    private final Map<AttemptId, Written> outputs = new ConcurrentHashMap<>();

    /** Makes the output of an attempt, to be written to by the test. */
    Written of(AttemptId attempt, int headLimit, int tailLimit) {
        Written written = new Written(headLimit, tailLimit);
        outputs.put(attempt, written);
        return written;
    }

    Written of(AttemptId attempt) {
        return of(attempt, Integer.MAX_VALUE, 0);
    }

    @Override
    public Optional<AttemptOutput> open(AttemptId attempt) {
        return Optional.ofNullable(outputs.get(attempt));
    }

    /** What a process wrote, in the order of the calls. */
    static final class Written implements AttemptOutput {
        private final int headLimit;
        private final int tailLimit;
        private final Kept stdout = new Kept();
        private final Kept stderr = new Kept();
        private final List<Arrival> arrivals = new ArrayList<>();
        private volatile long damagedFrom = Long.MAX_VALUE;

        private Written(int headLimit, int tailLimit) {
            this.headLimit = headLimit;
            this.tailLimit = tailLimit;
        }

        synchronized Written write(Stream stream, byte[] bytes) {
            return write(stream, bytes, arrivals.size());
        }

        /** @param at when it arrived, in nanoseconds since the epoch */
        synchronized Written write(Stream stream, byte[] bytes, long at) {
            arrivals.add(new Arrival(stream, bytes(stream).size(), at));
            bytes(stream).writeBytes(bytes);
            return this;
        }

        /** Reading from this position on fails, as on a bad disk. */
        void damagedFrom(long position) {
            damagedFrom = position;
        }

        private Kept bytes(Stream stream) {
            return stream == Stream.STDOUT ? stdout : stderr;
        }

        @Override
        public synchronized Extent extent(Stream stream) {
            long written = bytes(stream).size();
            long head = Math.min(written, headLimit);
            return new Extent(written, head, Math.max(head, written - tailLimit));
        }

        @Override
        public synchronized int read(Stream stream, long position, ByteBuffer target) throws IOException {
            if (position >= damagedFrom) {
                throw new IOException("a bad disk");
            }
            Extent extent = extent(stream);
            long end = position < extent.headKept() && extent.hasGap() ? extent.headKept() : extent.written();
            if (position >= end || (position >= extent.headKept() && position < extent.tailFrom())) {
                return 0;
            }
            int count = (int) Math.min(target.remaining(), end - position);
            bytes(stream).copy((int) position, count, target);
            return count;
        }

        @Override
        public synchronized List<Arrival> arrivals(long from, int limit) {
            return arrivals.stream().skip(from).limit(Math.min(limit, 3)).toList();
        }

        @Override
        public void close() {}
    }

    /** Bytes that are read without being copied first. */
    private static final class Kept extends ByteArrayOutputStream {
        void copy(int position, int length, ByteBuffer target) {
            target.put(buf, position, length);
        }
    }
}
