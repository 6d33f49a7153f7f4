package dev.hufu.server.output;

import dev.hufu.server.output.AttemptOutput.Stream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** Where output goes, up to a number of bytes. Holds one buffer; not for several threads. */
public final class OutputSink {
    private static final int BUFFER = 64 << 10;

    private final OutputStream target;
    private final byte[] buffer;
    private long remaining;

    public OutputSink(OutputStream target, long limit) {
        this.target = target;
        this.remaining = limit;
        this.buffer = new byte[(int) Math.min(BUFFER, Math.max(limit, 1))];
    }

    boolean isFull() {
        return remaining == 0;
    }

    void write(byte[] bytes, int from, int length) throws IOException {
        int count = (int) Math.min(length, remaining);
        target.write(bytes, from, count);
        remaining -= count;
    }

    /** Copies at most {@code length} bytes and answers how many. */
    int write(AttemptOutput output, Stream stream, long position, long length) throws IOException {
        int wanted = (int) Math.min(Math.min(length, remaining), buffer.length);
        int count = output.read(stream, position, ByteBuffer.wrap(buffer, 0, wanted));
        if (count == 0) {
            throw new IOException("output that was kept is missing at " + stream + " " + position);
        }
        target.write(buffer, 0, count);
        remaining -= count;
        return count;
    }
}
