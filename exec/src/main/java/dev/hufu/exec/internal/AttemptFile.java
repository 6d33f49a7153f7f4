package dev.hufu.exec.internal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One attempt file, open for reading; holds one descriptor and no buffer. Any thread may use it. An interrupt closes a file
 * channel under all its users; the channel is then opened again for the others.
 */
final class AttemptFile implements Closeable {
    /** The file at one moment: header, counters and exit record. */
    record Snapshot(@Nullable AttemptHeader header, LiveCounters live, RecordState record) {}

    sealed interface RecordState {
        record Absent() implements RecordState {}

        record Valid(ExitRecord record) implements RecordState {}

        record Damaged() implements RecordState {}
    }

    private final Path path;
    private final ReentrantLock opening = new ReentrantLock();
    private volatile FileChannel channel;
    private volatile boolean closed;

    AttemptFile(Path path) throws IOException {
        this.path = path;
        this.channel = open(path);
    }

    /** Reads everything of a fixed place at once. A damaged header counts as a damaged record. */
    Snapshot snapshot() throws IOException {
        ByteBuffer pages = ByteBuffer.allocate(Protocol.METADATA_AT);
        read(pages, 0);
        pages.flip();
        if (pages.limit() < Protocol.HEADER_SIZE) {
            // The header is written whole: a piece of one is what is left of a file that was cut.
            boolean begun = pages.limit() >= Long.BYTES && pages.getLong(0) != 0;
            return new Snapshot(
                    null, LiveCounters.NOTHING, begun ? new RecordState.Damaged() : new RecordState.Absent());
        }
        AttemptHeader header;
        try {
            header = AttemptHeader.parse(pages);
        } catch (MalformedException e) {
            return new Snapshot(null, LiveCounters.NOTHING, new RecordState.Damaged());
        }
        LiveCounters live = LiveCounters.parse(pages.slice(Protocol.LIVE_AT, Protocol.LIVE_SIZE));
        ByteBuffer stored = pages.slice(Protocol.RECORD_AT, pages.limit() - Protocol.RECORD_AT);
        return new Snapshot(header, live, record(header, live, stored));
    }

    private static RecordState record(@Nullable AttemptHeader header, LiveCounters live, ByteBuffer stored) {
        boolean blank = true;
        for (int at = 0; at < Math.min(Protocol.RECORD_HEADER, stored.limit()); at++) {
            blank &= stored.get(at) == 0;
        }
        // The record's room is reserved before the process starts: a file too short for it was cut afterwards.
        boolean cut = stored.limit() < Protocol.RECORD_HEADER && live.state() >= LiveCounters.STATE_RUNNING;
        if (blank && !cut && live.state() != LiveCounters.STATE_ENDED) {
            return new RecordState.Absent();
        }
        if (header == null) {
            return new RecordState.Damaged();
        }
        try {
            return new RecordState.Valid(ExitRecord.parseStored(stored));
        } catch (MalformedException e) {
            return new RecordState.Damaged();
        }
    }

    LiveCounters live() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Protocol.LIVE_SIZE);
        if (read(bytes, Protocol.LIVE_AT) < Protocol.LIVE_SIZE) {
            throw new MalformedException("attempt file cut: " + path);
        }
        return LiveCounters.parse(bytes.flip());
    }

    /** The header, which must be there. */
    AttemptHeader header() throws IOException {
        AttemptHeader header = headerIfWritten();
        if (header == null) {
            throw new MalformedException("attempt file without a header: " + path);
        }
        return header;
    }

    /** The header; null in the moment between the file's making and its first bytes. */
    @Nullable
    AttemptHeader headerIfWritten() throws IOException {
        ByteBuffer page = ByteBuffer.allocate(Protocol.HEADER_SIZE);
        read(page, 0);
        return AttemptHeader.parse(page.flip());
    }

    /** Fills {@code target} from {@code position} on; returns how many bytes there were before the end of the file. */
    int read(ByteBuffer target, long position) throws IOException {
        int total = 0;
        while (target.hasRemaining()) {
            int count = readOnce(target, position + total);
            if (count < 0) {
                break;
            }
            total += count;
        }
        return total;
    }

    private int readOnce(ByteBuffer target, long position) throws IOException {
        while (true) {
            FileChannel current = channel;
            try {
                return current.read(target, position);
            } catch (ClosedByInterruptException e) {
                throw e;
            } catch (ClosedChannelException e) {
                reopen(e);
            }
        }
    }

    private void reopen(ClosedChannelException cause) throws IOException {
        opening.lock();
        try {
            if (closed) {
                throw cause;
            }
            if (!channel.isOpen()) {
                channel = open(path);
            }
        } finally {
            opening.unlock();
        }
    }

    private static FileChannel open(Path path) throws IOException {
        return FileChannel.open(path, StandardOpenOption.READ);
    }

    @Override
    public void close() throws IOException {
        opening.lock();
        try {
            closed = true;
            channel.close();
        } finally {
            opening.unlock();
        }
    }
}
