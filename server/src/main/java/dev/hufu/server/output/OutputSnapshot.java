package dev.hufu.server.output;

import dev.hufu.server.output.AttemptOutput.Extent;
import dev.hufu.server.output.AttemptOutput.Stream;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One stream of an attempt as it was at one moment. Of an attempt that still runs, the kept end is copied first, because it
 * is overwritten while the process writes; the rest is read when it is sent. Not for several threads.
 */
public final class OutputSnapshot {
    private static final int TRIES = 10;
    private static final int LARGEST_COPY = 1 << 20;
    private static final byte[] NONE = new byte[0];

    private final AttemptOutput output;
    private final Stream stream;
    private final Extent extent;
    private final byte[] tail;

    private OutputSnapshot(AttemptOutput output, Stream stream, Extent extent, byte[] tail) {
        this.output = output;
        this.stream = stream;
        this.extent = extent;
        this.tail = tail;
    }

    public static OutputSnapshot take(AttemptOutput output, Stream stream, boolean ended) throws IOException {
        Extent extent = output.extent(stream);
        if (ended) {
            return new OutputSnapshot(output, stream, extent, NONE);
        }
        for (int i = 0; i < TRIES; i++) {
            long length = extent.written() - extent.tailFrom();
            if (length <= 0 || length > LARGEST_COPY) {
                return new OutputSnapshot(output, stream, extent, NONE);
            }
            ByteBuffer copy = ByteBuffer.allocate((int) length);
            if (fill(output, stream, extent.tailFrom(), copy)) {
                return new OutputSnapshot(output, stream, extent, copy.array());
            }
            extent = output.extent(stream);
        }
        // The process writes faster than its last bytes can be copied: what cannot be had counts as not kept.
        return new OutputSnapshot(
                output, stream, new Extent(extent.written(), extent.headKept(), extent.written()), NONE);
    }

    private static boolean fill(AttemptOutput output, Stream stream, long from, ByteBuffer target) throws IOException {
        long position = from;
        while (target.hasRemaining()) {
            int count = output.read(stream, position, target);
            if (count == 0) {
                return false;
            }
            position += count;
        }
        return true;
    }

    Stream stream() {
        return stream;
    }

    public long written() {
        return extent.written();
    }

    public boolean hasGap() {
        return extent.hasGap();
    }

    /** Where bytes are missing, as {@code stdout=<from>-<to>}. */
    public String gap() {
        return gap(stream, extent);
    }

    public static String gap(Stream stream, Extent extent) {
        return (stream == Stream.STDOUT ? "stdout=" : "stderr=") + extent.headKept() + "-" + extent.tailFrom();
    }

    /** Whether sending from {@code from} to {@code to} leaves something out. */
    public boolean jumps(long from, long to) {
        return extent.hasGap() && from < extent.tailFrom() && to > extent.headKept();
    }

    /** How many bytes are kept between two positions. */
    public long kept(long from, long to) {
        long end = Math.min(to, extent.written());
        if (from >= end) {
            return 0;
        }
        if (!extent.hasGap()) {
            return end - from;
        }
        long head = Math.max(0, Math.min(end, extent.headKept()) - from);
        long rest = Math.max(0, end - Math.max(from, extent.tailFrom()));
        return head + rest;
    }

    /** The position at which {@code limit} kept bytes from {@code from} on have been sent. */
    public long endOf(long from, long limit) {
        long start = extent.nextKept(from);
        if (kept(start, extent.written()) <= limit) {
            return extent.written();
        }
        if (!extent.hasGap() || start >= extent.tailFrom()) {
            return start + limit;
        }
        long head = extent.headKept() - start;
        return limit <= head ? start + limit : extent.tailFrom() + (limit - head);
    }

    /** Sends what is kept between two positions. */
    public void copy(long from, long to, OutputSink sink) throws IOException {
        long end = Math.min(to, extent.written());
        long position = extent.nextKept(from);
        while (position < end && !sink.isFull()) {
            if (tail.length > 0 && position >= extent.tailFrom()) {
                int at = (int) (position - extent.tailFrom());
                sink.write(tail, at, (int) Math.min(end - position, tail.length - at));
                return;
            }
            long stop = extent.hasGap() && position < extent.headKept() ? Math.min(end, extent.headKept()) : end;
            stop = tail.length > 0 ? Math.min(stop, extent.tailFrom()) : stop;
            position = extent.nextKept(position + sink.write(output, stream, position, stop - position));
        }
    }
}
