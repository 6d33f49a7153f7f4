package dev.hufu.exec.internal;

import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.StreamName;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32;

/**
 * Writes an attempt file as a supervisor does, for a process that has none: header, output, index, exit record. A stream's
 * bytes are in the file before they are counted. Any thread may use it; what is written takes turns.
 */
final class AttemptSpool implements Closeable {
    private static final int MAX_APPEND = Protocol.WRITTEN_AHEAD;
    private static final long NEW_ENTRY_NANOS = 10_000_000;
    private static final int NEW_ENTRY_BYTES = 4_096;
    private static final int STATE_AT = 1_064;

    private final FileChannel channel;
    private final long limit;
    private final long tailOffset;
    private final long indexOffset;
    private final long indexCapacity;
    private final long[] offsets;
    private final ReentrantLock turn = new ReentrantLock();
    private final long[] written = new long[2];
    private final long[] kept = new long[2];
    private long entries;
    private long lastTime;
    private long lastPlace;
    private int state;
    private boolean full;
    private boolean counted;

    private AttemptSpool(FileChannel channel, ProcessSpec spec) {
        this.channel = channel;
        this.limit = spec.outputLimit();
        this.tailOffset = Protocol.METADATA_AT + wholePages(spec.metadata().length);
        this.indexOffset = tailOffset + 2L * Protocol.RING_SIZE;
        this.indexCapacity = 2 * limit / Protocol.PAGE + 65_536;
        long first = indexOffset + wholePages(indexCapacity * Protocol.INDEX_ENTRY);
        this.offsets = new long[] {first, first + wholePages(limit)};
    }

    /** @throws java.nio.file.FileAlreadyExistsException if there is such a file */
    static AttemptSpool create(ProcessSpec spec) throws IOException {
        FileChannel channel = createPrivate(spec.attemptFile());
        try {
            AttemptSpool spool = new AttemptSpool(channel, spec);
            spool.writeFirstPart(spec);
            return spool;
        } catch (IOException e) {
            try (channel) {
                Files.deleteIfExists(spec.attemptFile());
            }
            throw e;
        }
    }

    /** A new file that only this user can read, where the system knows of such. */
    private static FileChannel createPrivate(Path file) throws IOException {
        boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
        FileAttribute<?>[] attributes = posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
        return FileChannel.open(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), attributes);
    }

    /** Writes what a process is given into a file beside the attempt's; a leftover of that name is replaced. */
    static void writeBeside(Path attemptFile, String suffix, byte[] bytes) throws IOException {
        Path file = beside(attemptFile, suffix);
        Files.deleteIfExists(file);
        try (FileChannel out = createPrivate(file)) {
            ByteBuffer left = ByteBuffer.wrap(bytes);
            while (left.hasRemaining()) {
                out.write(left);
            }
        }
    }

    private static long wholePages(long bytes) {
        return (bytes + Protocol.PAGE - 1) / Protocol.PAGE * Protocol.PAGE;
    }

    private void writeFirstPart(ProcessSpec spec) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Protocol.METADATA_AT + spec.metadata().length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(0, Protocol.HEADER_MAGIC)
                .putInt(8, Protocol.RECORD_VERSION)
                .putInt(12, spec.metadata().length)
                .putLong(16, limit)
                .putLong(24, tailOffset)
                .putLong(32, indexOffset)
                .putLong(40, indexCapacity)
                .putLong(48, offsets[0])
                .putLong(56, offsets[1])
                .putLong(104, ProcessHandle.current().pid())
                .put(Protocol.METADATA_AT, spec.metadata());
        byte[] marker = spec.marker().getBytes(StandardCharsets.UTF_8);
        if (marker.length < 256) {
            bytes.put(400, marker);
        }
        write(bytes, 0);
    }

    /** The process runs. */
    void started(long pid, long realtime) throws IOException {
        turn.lock();
        try {
            ByteBuffer identity = ByteBuffer.allocate(24)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(0, pid)
                    .putLong(16, realtime);
            write(identity, 112);
            state = LiveCounters.STATE_RUNNING;
            publishState();
        } finally {
            turn.unlock();
        }
    }

    void state(int next) throws IOException {
        turn.lock();
        try {
            state = next;
            publishState();
        } finally {
            turn.unlock();
        }
    }

    private void publishState() throws IOException {
        write(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(0, state), STATE_AT);
    }

    /** Keeps what is to be kept of these bytes, and counts them all, also where the disk takes no more. */
    void append(StreamName stream, byte[] bytes, int length, long realtime) {
        for (int from = 0; from < length; from += MAX_APPEND) {
            int to = Math.min(length, from + MAX_APPEND);
            turn.lock();
            try {
                if (counted) {
                    return;
                }
                keep(number(stream), ByteBuffer.wrap(bytes, from, to - from), realtime);
                written[number(stream)] += to - from;
                publishCounters();
            } finally {
                turn.unlock();
            }
        }
    }

    private static int number(StreamName stream) {
        return switch (stream) {
            case STDOUT -> 0;
            case STDERR -> 1;
        };
    }

    private void keep(int stream, ByteBuffer bytes, long realtime) {
        if (full) {
            return;
        }
        long position = written[stream];
        try {
            int head = (int) Math.max(0, Math.min(limit - position, bytes.remaining()));
            ByteBuffer tail = bytes.slice(bytes.position() + head, bytes.remaining() - head);
            write(bytes.slice(bytes.position(), head), offsets[stream] + position);
            kept[stream] += head;
            writeRing(stream, position + head - limit, tail);
            noteArrival(stream, position, realtime);
        } catch (IOException e) {
            // Nothing is written for either stream from here on; counting goes on.
            full = true;
        }
    }

    private void writeRing(int stream, long position, ByteBuffer tail) throws IOException {
        long ring = tailOffset + (long) stream * Protocol.RING_SIZE;
        while (tail.hasRemaining()) {
            long at = position % Protocol.RING_SIZE;
            int part = (int) Math.min(tail.remaining(), Protocol.RING_SIZE - at);
            write(tail.slice(tail.position(), part), ring + at);
            tail.position(tail.position() + part);
            position += part;
        }
    }

    private void noteArrival(int stream, long position, long realtime) throws IOException {
        long place = (long) stream << 63 | position;
        boolean sameStream = entries > 0 && lastPlace >>> 63 == stream;
        boolean covered = sameStream
                && realtime >= lastTime
                && realtime - lastTime < NEW_ENTRY_NANOS
                && place - lastPlace < NEW_ENTRY_BYTES;
        if (covered || entries >= indexCapacity) {
            return;
        }
        ByteBuffer entry = ByteBuffer.allocate(Protocol.INDEX_ENTRY)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, realtime)
                .putLong(8, place);
        write(entry, indexOffset + entries * Protocol.INDEX_ENTRY);
        entries++;
        lastTime = realtime;
        lastPlace = place;
    }

    /** What the counters need to be understood is there before they are. */
    private void publishCounters() {
        ByteBuffer live = ByteBuffer.allocate(Protocol.LIVE_SIZE)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, written[0])
                .putLong(8, written[1])
                .putLong(16, entries)
                .putLong(24, kept[0])
                .putLong(32, kept[1])
                .putInt(40, state)
                .putInt(44, full ? Protocol.SPOOL_FULL : 0);
        try {
            write(live.slice(16, Protocol.LIVE_SIZE - 16), Protocol.LIVE_AT + 16);
            write(live.slice(0, 16), Protocol.LIVE_AT);
        } catch (IOException e) {
            // Over bytes that are there; the exit record says it all once more.
        }
    }

    /** What was written; nothing more is taken in after this. */
    ExitRecord.Written finalCount() {
        turn.lock();
        try {
            counted = true;
            return new ExitRecord.Written(written[0], written[1], full);
        } finally {
            turn.unlock();
        }
    }

    /** The last thing to be written. */
    void end(ExitRecord record) throws IOException {
        ByteBuffer payload = record.encode();
        CRC32 crc = new CRC32();
        crc.update(payload.duplicate());
        ByteBuffer stored = ByteBuffer.allocate(Protocol.RECORD_HEADER + payload.remaining())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(Protocol.RECORD_MAGIC)
                .putInt(payload.remaining())
                .putInt((int) crc.getValue())
                .putInt(0)
                .put(payload);
        turn.lock();
        try {
            write(stored.flip(), Protocol.RECORD_AT);
            state = LiveCounters.STATE_ENDED;
            publishCounters();
        } finally {
            turn.unlock();
        }
    }

    private void write(ByteBuffer bytes, long position) throws IOException {
        for (long at = position; bytes.hasRemaining(); ) {
            at += channel.write(bytes, at);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    static Path beside(Path attemptFile, String suffix) {
        return attemptFile.resolveSibling(attemptFile.getFileName() + suffix);
    }
}
