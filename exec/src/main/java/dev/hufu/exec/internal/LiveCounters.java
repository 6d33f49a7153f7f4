package dev.hufu.exec.internal;

import dev.hufu.exec.OutputReader.Extent;
import dev.hufu.exec.StreamName;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The part of an attempt file's header that changes while the process runs. */
record LiveCounters(
        long stdout, long stderr, long indexEntries, long stdoutKept, long stderrKept, int state, int flags) {
    static final LiveCounters NOTHING = new LiveCounters(0, 0, 0, 0, 0, 0, 0);
    static final int STATE_RUNNING = 1;
    static final int STATE_STOPPING = 2;
    static final int STATE_KILL_PENDING = 3;
    static final int STATE_ENDED = 4;

    static LiveCounters parse(ByteBuffer bytes) {
        ByteBuffer in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        return new LiveCounters(
                in.getLong(0),
                in.getLong(8),
                in.getLong(16),
                in.getLong(24),
                in.getLong(32),
                in.getInt(40),
                in.getInt(44));
    }

    boolean spoolFull() {
        return (flags & Protocol.SPOOL_FULL) != 0;
    }

    long written(StreamName stream) {
        return switch (stream) {
            case STDOUT -> stdout;
            case STDERR -> stderr;
        };
    }

    /**
     * What is kept. The counters are published one after the other, so the kept count is looked at only where the spool is
     * full, which is published before them; then nothing is promised about the tail.
     */
    Extent extent(StreamName stream, Retention retention) {
        long written = written(stream);
        if (!spoolFull()) {
            long head = Math.min(written, headOf(written, retention));
            return new Extent(written, head, Math.max(head, written - retention.lastKept()));
        }
        long kept = switch (stream) {
            case STDOUT -> stdoutKept;
            case STDERR -> stderrKept;
        };
        long headKept = Math.min(written, Math.min(kept, headOf(kept, retention)));
        return new Extent(written, headKept, headKept == written ? headKept : written);
    }

    /** How much can be had from the start of a stream of which that many bytes were put into the file. */
    private static long headOf(long stored, Retention retention) {
        if (!retention.isRing()) {
            return retention.limit();
        }
        return retention.truncates(stored) ? 0 : stored;
    }

    ExitRecord.Written summary() {
        return new ExitRecord.Written(stdout, stderr, spoolFull());
    }
}
