package dev.hufu.exec.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;

/** Makes attempt files by hand, byte for byte as PROTOCOL.md has them. */
final class AttemptFileWriter {
    static final int LIMIT = 10_000;
    private static final byte[] METADATA = "metadata".getBytes(StandardCharsets.US_ASCII);
    static final int CAPACITY = 2 * LIMIT / 4096 + 65_536;
    private static final int TAIL = Protocol.METADATA_AT + Protocol.PAGE;
    private static final int INDEX = TAIL + 2 * Protocol.RING_SIZE;
    private static final int STDOUT = INDEX + CAPACITY * Protocol.INDEX_ENTRY;
    private static final int RING = LIMIT + Protocol.HISTORY;

    private final boolean ring;
    private final int stderrAt;
    private final ByteBuffer bytes;

    AttemptFileWriter() {
        this(0);
    }

    /** Of a process that waits for its reader. */
    static AttemptFileWriter ofBlocked() {
        return new AttemptFileWriter(2);
    }

    private AttemptFileWriter(int policy) {
        ring = policy == 2;
        int region = ring ? RING : LIMIT;
        stderrAt = STDOUT + region;
        bytes = ByteBuffer.allocate(stderrAt + region).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(0, Protocol.HEADER_MAGIC)
                .putInt(8, Protocol.RECORD_VERSION)
                .putInt(12, METADATA.length)
                .putLong(16, LIMIT)
                .putLong(24, TAIL)
                .putLong(32, INDEX)
                .putLong(40, CAPACITY)
                .putLong(48, STDOUT)
                .putLong(56, stderrAt)
                .putInt(656, policy)
                .put(64, "11111111-2222-3333-4444-555555555555".getBytes(StandardCharsets.US_ASCII))
                .putLong(104, 4_711)
                .putLong(112, 4_712)
                .putLong(120, 99)
                .putLong(128, 1_700_000_000_123_456_789L)
                .put(144, "/run/c".getBytes(StandardCharsets.US_ASCII))
                .put(400, "ID=ä".getBytes(StandardCharsets.UTF_8))
                .put(Protocol.METADATA_AT, METADATA);
        state(LiveCounters.STATE_RUNNING);
    }

    AttemptFileWriter state(int state) {
        bytes.putInt(1064, state);
        return this;
    }

    AttemptFileWriter flags(int flags) {
        bytes.putInt(1068, flags);
        return this;
    }

    /** Sets counters of a stream without touching its bytes. */
    AttemptFileWriter counters(boolean stderr, long written, long kept) {
        bytes.putLong(stderr ? 1032 : 1024, written).putLong(stderr ? 1056 : 1048, kept);
        return this;
    }

    AttemptFileWriter write(boolean stderr, byte[] output) {
        int region = stderr ? stderrAt : STDOUT;
        if (ring) {
            for (int at = 0; at < output.length; at++) {
                bytes.put(region + at % RING, output[at]);
            }
            return counters(stderr, output.length, output.length);
        }
        int head = Math.min(output.length, LIMIT);
        bytes.put(region, output, 0, head);
        for (int at = LIMIT; at < output.length; at++) {
            int tail = TAIL + (stderr ? Protocol.RING_SIZE : 0);
            bytes.put(tail + (at - LIMIT) % Protocol.RING_SIZE, output[at]);
        }
        return counters(stderr, output.length, head);
    }

    AttemptFileWriter arrival(int number, long realtime, boolean stderr, long position) {
        int at = INDEX + number % CAPACITY * Protocol.INDEX_ENTRY;
        bytes.putLong(at, realtime).putLong(at + 8, position | (stderr ? Long.MIN_VALUE : 0));
        bytes.putLong(1040, number + 1L);
        return this;
    }

    AttemptFileWriter put(int position, int value) {
        bytes.putInt(position, value);
        return this;
    }

    AttemptFileWriter putLong(int position, long value) {
        bytes.putLong(position, value);
        return this;
    }

    AttemptFileWriter record(ByteBuffer payload) {
        CRC32 crc = new CRC32();
        crc.update(payload.duplicate());
        bytes.putInt(Protocol.RECORD_AT, Protocol.RECORD_MAGIC)
                .putInt(Protocol.RECORD_AT + 4, payload.remaining())
                .putInt(Protocol.RECORD_AT + 8, (int) crc.getValue())
                .put(Protocol.RECORD_AT + 16, payload, 0, payload.remaining());
        return this;
    }

    /** An exit record's payload: kind and value, and a kill report of that many steps. */
    static ByteBuffer payload(int kind, int value, int steps) {
        ByteBuffer payload = ByteBuffer.allocate(Protocol.RECORD_FIXED + steps * Protocol.STEP_SIZE)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0, Protocol.RECORD_VERSION)
                .putInt(4, kind)
                .putInt(8, value)
                .putInt(16, 2)
                .putLong(24, 1_700_000_000_000_000_001L)
                .putLong(32, 1_700_000_002_000_000_002L)
                .putLong(40, 2_000_000_001L)
                .putLong(48, 1_500)
                .putLong(56, 2_500)
                .putLong(64, 1 << 20)
                .putLong(72, 80_000)
                .putLong(80, 5)
                .putInt(88, 2)
                .putInt(92, 2)
                .putLong(96, 77)
                .putInt(104, steps);
        for (int step = 0; step < steps; step++) {
            int at = Protocol.RECORD_FIXED + step * Protocol.STEP_SIZE;
            payload.putInt(at, step == steps - 1 ? 9 : 15)
                    .putInt(at + 4, 3)
                    .putInt(at + 8, steps - 1 - step)
                    .putLong(at + 16, 1_700_000_001_000_000_000L + step);
        }
        return payload;
    }

    Path to(Path file) throws IOException {
        return Files.write(file, bytes.array());
    }

    Path to(Path file, int size) throws IOException {
        return Files.write(file, Arrays.copyOf(bytes.array(), size));
    }
}
