package dev.hufu.exec.internal;

import dev.hufu.exec.OutputReader;
import dev.hufu.exec.StreamName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads an attempt's output out of its file; one that has no first byte yet counts as empty until it has. Any thread may
 * use it.
 */
final class AttemptOutput implements OutputReader {
    private static final int ENTRIES_AT_ONCE = 1_024;

    private final AttemptFile file;
    private volatile AttemptHeader.@Nullable Layout known;

    /** @throws MalformedException if the file's header is damaged */
    AttemptOutput(AttemptFile file) throws IOException {
        this.file = file;
        layout();
    }

    /** Where things lie; null as long as the file is empty. */
    private AttemptHeader.@Nullable Layout layout() throws IOException {
        AttemptHeader.Layout layout = known;
        if (layout == null) {
            AttemptHeader header = file.headerIfWritten();
            layout = header == null ? null : header.layout();
            known = layout;
        }
        return layout;
    }

    @Override
    public Extent extent(StreamName stream) throws IOException {
        AttemptHeader.Layout layout = layout();
        return layout == null ? new Extent(0, 0, 0) : file.live().extent(stream, layout.retention());
    }

    @Override
    public int read(StreamName stream, long position, ByteBuffer target) throws IOException {
        if (position < 0) {
            throw new IllegalArgumentException("position is negative");
        }
        AttemptHeader.Layout layout = layout();
        if (layout == null) {
            return 0;
        }
        Extent extent = file.live().extent(stream, layout.retention());
        Ring ring = ring(layout, stream);
        int total = 0;
        if (position < extent.headKept()) {
            total = layout.retention().isRing()
                    ? readRing(ring, stream, position, extent.headKept(), target)
                    : readExactly(regionOf(layout, stream) + position, extent.headKept() - position, target);
        }
        long next = position + total;
        if (target.hasRemaining() && next >= extent.tailFrom() && next < extent.written()) {
            total += readRing(ring, stream, next, extent.written(), target);
        }
        return total;
    }

    /** Where a part of the file is written over and over, beginning with the stream's position {@code origin}. */
    private record Ring(long offset, long size, long origin) {}

    private static Ring ring(AttemptHeader.Layout layout, StreamName stream) {
        Retention retention = layout.retention();
        if (retention.isRing()) {
            return new Ring(regionOf(layout, stream), retention.regionSize(), 0);
        }
        long offset = switch (stream) {
            case STDOUT -> layout.tailOffset();
            case STDERR -> layout.tailOffset() + Protocol.RING_SIZE;
        };
        return new Ring(offset, Protocol.RING_SIZE, retention.limit());
    }

    private static long regionOf(AttemptHeader.Layout layout, StreamName stream) {
        return switch (stream) {
            case STDOUT -> layout.stdoutOffset();
            case STDERR -> layout.stderrOffset();
        };
    }

    private int readRing(Ring ring, StreamName stream, long position, long end, ByteBuffer target) throws IOException {
        int start = target.position();
        int total = 0;
        while (target.hasRemaining() && position + total < end) {
            long inRing = (position + total - ring.origin()) % ring.size();
            long contiguous = Math.min(ring.size() - inRing, end - position - total);
            total += readExactly(ring.offset() + inRing, contiguous, target);
        }
        // Meanwhile the writer may have come round.
        if (extent(stream).nextKept(position) != position) {
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
        AttemptHeader.Layout layout = layout();
        if (layout == null) {
            return List.of();
        }
        long written = file.live().indexEntries();
        long end = layout.retention().isRing() ? written : Math.min(written, layout.indexCapacity());
        if (from >= end || from < firstArrival()) {
            return List.of();
        }
        int wanted = (int) Math.min(limit, end - from);
        List<Arrival> arrivals = new ArrayList<>(wanted);
        ByteBuffer entries = ByteBuffer.allocate(Math.min(wanted, ENTRIES_AT_ONCE) * Protocol.INDEX_ENTRY)
                .order(ByteOrder.LITTLE_ENDIAN);
        while (arrivals.size() < wanted) {
            long place = (from + arrivals.size()) % layout.indexCapacity();
            long contiguous = Math.min(wanted - arrivals.size(), layout.indexCapacity() - place);
            int count = (int) Math.min(contiguous, ENTRIES_AT_ONCE);
            entries.clear();
            long offset = layout.indexOffset() + place * Protocol.INDEX_ENTRY;
            readExactly(offset, (long) count * Protocol.INDEX_ENTRY, entries);
            entries.flip();
            while (entries.hasRemaining()) {
                arrivals.add(arrival(entries.getLong(), entries.getLong()));
            }
        }
        // Meanwhile the writer may have come round.
        return from < firstArrival() ? List.of() : arrivals;
    }

    @Override
    public long firstArrival() throws IOException {
        AttemptHeader.Layout layout = layout();
        if (layout == null || !layout.retention().isRing()) {
            return 0;
        }
        // One more may be written ahead of the counter.
        return Math.max(0, file.live().indexEntries() + 1 - layout.indexCapacity());
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
