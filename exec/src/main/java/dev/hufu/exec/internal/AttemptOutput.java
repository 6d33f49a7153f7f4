package dev.hufu.exec.internal;

import dev.hufu.exec.OutputReader;
import dev.hufu.exec.StreamName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Reads an attempt's output out of its file. Any thread may use it. */
final class AttemptOutput implements OutputReader {
    private static final int ENTRIES_AT_ONCE = 1_024;

    private final AttemptFile file;
    private final AttemptHeader.Layout layout;

    AttemptOutput(AttemptFile file, AttemptHeader.Layout layout) {
        this.file = file;
        this.layout = layout;
    }

    @Override
    public Extent extent(StreamName stream) throws IOException {
        return file.live().extent(stream, layout.outputLimit());
    }

    @Override
    public int read(StreamName stream, long position, ByteBuffer target) throws IOException {
        if (position < 0) {
            throw new IllegalArgumentException("position is negative");
        }
        Extent extent = extent(stream);
        int total = 0;
        if (position < extent.headKept()) {
            total = readHead(stream, position, extent.headKept(), target);
        }
        long next = position + total;
        if (target.hasRemaining() && next >= extent.tailFrom() && next < extent.written()) {
            total += readTail(stream, next, extent.written(), target);
        }
        return total;
    }

    private int readHead(StreamName stream, long position, long end, ByteBuffer target) throws IOException {
        long offset = switch (stream) {
            case STDOUT -> layout.stdoutOffset();
            case STDERR -> layout.stderrOffset();
        };
        return readExactly(offset + position, end - position, target);
    }

    private int readTail(StreamName stream, long position, long end, ByteBuffer target) throws IOException {
        long ring = switch (stream) {
            case STDOUT -> layout.tailOffset();
            case STDERR -> layout.tailOffset() + Protocol.RING_SIZE;
        };
        int start = target.position();
        int total = 0;
        while (target.hasRemaining() && position + total < end) {
            long inRing = (position + total - layout.outputLimit()) % Protocol.RING_SIZE;
            long contiguous = Math.min(Protocol.RING_SIZE - inRing, end - position - total);
            total += readExactly(ring + inRing, contiguous, target);
        }
        // The writer may be up to half a ring ahead of its counter, so only the other half is sure.
        if (file.live().written(stream) - position > Protocol.TAIL_KEPT) {
            target.position(start);
            return 0;
        }
        return total;
    }

    private int readExactly(long offset, long available, ByteBuffer target) throws IOException {
        int wanted = (int) Math.min(available, target.remaining());
        int limit = target.limit();
        target.limit(target.position() + wanted);
        try {
            if (file.read(target, offset) < wanted) {
                throw new MalformedException("attempt file is shorter than its counters say");
            }
        } finally {
            target.limit(limit);
        }
        return wanted;
    }

    @Override
    public List<Arrival> arrivals(long from, int limit) throws IOException {
        if (from < 0 || limit < 0) {
            throw new IllegalArgumentException("from and limit must not be negative");
        }
        long end = Math.min(file.live().indexEntries(), layout.indexCapacity());
        if (from >= end) {
            return List.of();
        }
        int wanted = (int) Math.min(limit, end - from);
        List<Arrival> arrivals = new ArrayList<>(wanted);
        ByteBuffer entries = ByteBuffer.allocate(Math.min(wanted, ENTRIES_AT_ONCE) * Protocol.INDEX_ENTRY)
                .order(ByteOrder.LITTLE_ENDIAN);
        while (arrivals.size() < wanted) {
            int count = Math.min(wanted - arrivals.size(), ENTRIES_AT_ONCE);
            entries.clear();
            long offset = layout.indexOffset() + (from + arrivals.size()) * Protocol.INDEX_ENTRY;
            readExactly(offset, (long) count * Protocol.INDEX_ENTRY, entries);
            entries.flip();
            while (entries.hasRemaining()) {
                arrivals.add(arrival(entries.getLong(), entries.getLong()));
            }
        }
        return arrivals;
    }

    private static Arrival arrival(long realtime, long place) {
        return new Arrival(place < 0 ? StreamName.STDERR : StreamName.STDOUT, place & Long.MAX_VALUE, realtime);
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
