package dev.hufu.exec.internal;

import dev.hufu.exec.OutputReader;
import dev.hufu.exec.StreamName;
import java.nio.ByteBuffer;
import java.util.List;

/** The output of a process of which there is no file. */
final class EmptyOutput implements OutputReader {
    @Override
    public Extent extent(StreamName stream) {
        return new Extent(0, 0, 0);
    }

    @Override
    public int read(StreamName stream, long position, ByteBuffer target) {
        return 0;
    }

    @Override
    public List<Arrival> arrivals(long from, int limit) {
        return List.of();
    }

    @Override
    public long firstArrival() {
        return 0;
    }

    @Override
    public void close() {}
}
