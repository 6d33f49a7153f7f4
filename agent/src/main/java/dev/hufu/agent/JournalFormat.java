package dev.hufu.agent;

import dev.hufu.protocol.codec.RecordCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The bytes of a journal segment, big-endian. A header: magic, version, CRC-32C of both. Then batches, each what was synced
 * together: length and CRC-32C (of length and payload), payload. In it records: length, kind, CBOR. Stateless.
 */
final class JournalFormat {
    static final int HEADER_LENGTH = 16;
    static final int BATCH_PREFIX = 8;
    static final int RECORD_PREFIX = 4;
    static final int MAXIMUM_BATCH = 1 << 20;
    static final int MAXIMUM_RECORD = 256 << 10;

    private static final byte[] MAGIC = "HUFUJRNL".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION = 1;

    private static final byte STARTING = 1;
    private static final byte ENDED = 2;
    private static final byte ACKNOWLEDGED = 3;

    private JournalFormat() {}

    /**
     * What a segment holds.
     *
     * @param tornBytes bytes at the end that are no whole batch: their sync never returned
     */
    record Contents(List<JournalRecord> records, int tornBytes) {}

    static ByteBuffer header() {
        ByteBuffer header = ByteBuffer.allocate(HEADER_LENGTH).put(MAGIC).putInt(VERSION);
        return header.putInt(checksum(header.array(), 0, header.position())).flip();
    }

    /** One record, as {@link #batch} takes it. */
    static ByteBuffer encode(JournalRecord record) {
        byte kind = switch (record) {
            case JournalRecord.Starting _ -> STARTING;
            case JournalRecord.Ended _ -> ENDED;
            case JournalRecord.Acknowledged _ -> ACKNOWLEDGED;
        };
        byte[] fields = RecordCodec.cbor().encode(record);
        if (fields.length >= MAXIMUM_RECORD) {
            throw new IllegalArgumentException("a journal record of " + fields.length + " bytes");
        }
        return ByteBuffer.allocate(RECORD_PREFIX + 1 + fields.length)
                .putInt(1 + fields.length)
                .put(kind)
                .put(fields)
                .flip();
    }

    /** One batch of encoded records, at most {@link #MAXIMUM_BATCH} bytes together. */
    static ByteBuffer batch(List<ByteBuffer> records) {
        int length = 0;
        for (ByteBuffer record : records) {
            length += record.remaining();
        }
        ByteBuffer batch =
                ByteBuffer.allocate(BATCH_PREFIX + length).putInt(length).putInt(0);
        for (ByteBuffer record : records) {
            batch.put(record.duplicate());
        }
        return batch.putInt(4, batchChecksum(batch.array(), 0, length)).flip();
    }

    /**
     * Reads a whole segment. A bad batch at the end was never acknowledged to anyone and is left out; a bad one before a
     * good one was, since a batch is written only after the one before it was synced.
     *
     * @throws IOException if the segment is not ours, of another version, or damaged before its last batch
     */
    static Contents read(byte[] bytes, Path file) throws IOException {
        checkHeader(bytes, file);
        List<JournalRecord> records = new ArrayList<>();
        int at = HEADER_LENGTH;
        while (at < bytes.length) {
            int length = batchLength(bytes, at);
            if (length < 0) {
                refuseIfAnythingFollows(bytes, at, file);
                return new Contents(records, bytes.length - at);
            }
            decode(ByteBuffer.wrap(bytes, at + BATCH_PREFIX, length), records, at, file);
            at += BATCH_PREFIX + length;
        }
        return new Contents(records, 0);
    }

    private static void checkHeader(byte[] bytes, Path file) throws IOException {
        ByteBuffer expected = header();
        if (bytes.length >= HEADER_LENGTH && expected.equals(ByteBuffer.wrap(bytes, 0, HEADER_LENGTH))) {
            return;
        }
        if (bytes.length >= HEADER_LENGTH
                && ByteBuffer.wrap(MAGIC).equals(ByteBuffer.wrap(bytes, 0, MAGIC.length))
                && ByteBuffer.wrap(bytes).getInt(12) == checksum(bytes, 0, 12)) {
            throw new IOException("the journal " + file + " has version "
                    + ByteBuffer.wrap(bytes).getInt(8) + ", and this program knows only " + VERSION
                    + ": start the program that wrote it");
        }
        throw damaged(file, 0);
    }

    private static void refuseIfAnythingFollows(byte[] bytes, int bad, Path file) throws IOException {
        for (int at = bad + 1; at <= bytes.length - BATCH_PREFIX; at++) {
            if (batchLength(bytes, at) > 0) {
                throw damaged(file, bad);
            }
        }
    }

    private static IOException damaged(Path file, int at) {
        return new IOException(
                "the journal " + file + " is damaged at byte " + at
                        + ", before records that were acknowledged. Going on without it could start commands a second time."
                        + " Restore the file from a copy; or move it away, and every attempt that was under way is forgotten here");
    }

    /** The payload's length of the batch at {@code at}; -1 where there is no whole and undamaged one. */
    private static int batchLength(byte[] bytes, int at) {
        if (bytes.length - at < BATCH_PREFIX) {
            return -1;
        }
        ByteBuffer prefix = ByteBuffer.wrap(bytes, at, BATCH_PREFIX);
        int length = prefix.getInt();
        if (length < 1 || length > MAXIMUM_BATCH || length > bytes.length - at - BATCH_PREFIX) {
            return -1;
        }
        return prefix.getInt() == batchChecksum(bytes, at, length) ? length : -1;
    }

    private static void decode(ByteBuffer payload, List<JournalRecord> into, int at, Path file) throws IOException {
        try {
            while (payload.hasRemaining()) {
                byte[] fields = new byte[Math.clamp(payload.getInt() - 1, 0, MAXIMUM_RECORD)];
                byte kind = payload.get();
                payload.get(fields);
                into.add(RecordCodec.cbor().decode(fields, type(kind)));
            }
        } catch (IllegalArgumentException | java.nio.BufferUnderflowException unreadable) {
            IOException refusal = damaged(file, at);
            refusal.initCause(unreadable);
            throw refusal;
        }
    }

    private static Class<? extends JournalRecord> type(byte kind) {
        return switch (kind) {
            case STARTING -> JournalRecord.Starting.class;
            case ENDED -> JournalRecord.Ended.class;
            case ACKNOWLEDGED -> JournalRecord.Acknowledged.class;
            default -> throw new IllegalArgumentException("a record of kind " + kind);
        };
    }

    private static int batchChecksum(byte[] bytes, int at, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, at, 4);
        checksum.update(bytes, at + BATCH_PREFIX, length);
        return (int) checksum.getValue();
    }

    private static int checksum(byte[] bytes, int at, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, at, length);
        return (int) checksum.getValue();
    }
}
