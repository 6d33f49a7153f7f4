package dev.hufu.agent;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.support.Threads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journal as segment files in a directory of its own. One platform thread writes what callers hand it, in batches, and
 * syncs each before it answers (group commit); it alone knows segment and live records. Stops with {@link #close}.
 */
final class FileAttemptJournal implements AttemptJournal {
    /** Makes what was written to a file durable. */
    @FunctionalInterface
    interface Sync {
        Sync DATA = file -> file.force(false);

        void force(FileChannel file) throws IOException;
    }

    /** Tells a volume without room from one that fails. */
    @FunctionalInterface
    interface Volume {
        Volume OF_DIRECTORY = directory -> Files.getFileStore(directory).getUsableSpace() < LITTLE_ROOM;

        boolean isFull(Path directory) throws IOException;
    }

    /** Writes all of this to the end of a file. */
    @FunctionalInterface
    interface Appender {
        Appender WHOLE = (file, bytes) -> {
            int length = bytes.remaining();
            while (bytes.hasRemaining()) {
                if (file.write(bytes) == 0) {
                    throw new IOException("the disk took nothing");
                }
            }
            return length;
        };

        int append(FileChannel file, ByteBuffer bytes) throws IOException;
    }

    static final long SEGMENT_LIMIT = 8L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(FileAttemptJournal.class);
    private static final Pattern SEGMENT = Pattern.compile("([0-9a-f]{16})\\.journal");
    private static final long LITTLE_ROOM = 1L << 20;
    private static final long NANOS_BETWEEN_TRIES = 200_000_000;
    private static final String TEMPORARY = ".new";

    /** As many acknowledgements may wait for a record that must be synced, so that they cost no sync of their own. */
    private static final int WAITING_ACKNOWLEDGEMENTS = 256;

    private final Path directory;
    private final long segmentLimit;
    private final Sync sync;
    private final Volume volume;
    private final Appender appender;
    private final Thread writer = Threads.platform("hufu-journal", this::write);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final ArrayDeque<Pending> pending = new ArrayDeque<>();
    private int waiting;
    private boolean opened;
    private boolean closed;
    private @Nullable Throwable failure;

    /* Known to the writer thread alone, once it runs. */
    private final Map<AttemptId, JournalRecord> live = new LinkedHashMap<>();
    private @Nullable DirectoryLock directoryLock;
    private @Nullable FileChannel segment;
    private long sequence;
    private long size;
    private long rotateAt;

    private record Pending(
            JournalRecord record,
            ByteBuffer encoded,
            @Nullable CompletableFuture<@Nullable Void> done) {}

    FileAttemptJournal(Path directory) {
        this(directory, SEGMENT_LIMIT, Sync.DATA);
    }

    /** @param segmentLimit bytes after which a segment is replaced by one with the live records only */
    FileAttemptJournal(Path directory, long segmentLimit, Sync sync) {
        this(directory, segmentLimit, sync, Volume.OF_DIRECTORY, Appender.WHOLE);
    }

    FileAttemptJournal(Path directory, long segmentLimit, Sync sync, Volume volume, Appender appender) {
        this.directory = directory;
        this.segmentLimit = segmentLimit;
        this.sync = sync;
        this.volume = volume;
        this.appender = appender;
    }

    @Override
    public List<JournalRecord> open() throws IOException {
        lock.lock();
        try {
            if (opened || closed) {
                throw new IllegalStateException("a journal is opened once");
            }
            PrivateFiles.createDirectories(directory);
            directoryLock = DirectoryLock.take(directory);
            List<Path> old = segments();
            if (!old.isEmpty()) {
                readNewest(old.getLast());
            }
            startSegment();
            for (Path segmentFile : old) {
                Files.delete(segmentFile);
            }
            opened = true;
            List<JournalRecord> found = List.copyOf(live.values());
            writer.start();
            return found;
        } catch (IOException | RuntimeException refused) {
            closed = true;
            release();
            throw refused;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void starting(AttemptId attempt, Instant at) throws IOException, InterruptedException {
        append(new JournalRecord.Starting(attempt, at));
    }

    @Override
    public void ended(AttemptId attempt, Outcome outcome) throws IOException, InterruptedException {
        append(new JournalRecord.Ended(attempt, outcome));
    }

    @Override
    public void acknowledged(AttemptId attempt) {
        JournalRecord record = new JournalRecord.Acknowledged(attempt);
        Pending acknowledgement = new Pending(record, JournalFormat.encode(record), null);
        lock.lock();
        try {
            // A journal that takes no more may forget this: the end is then reported again.
            if (opened && !closed && failure == null) {
                pending.add(acknowledgement);
                work.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    private void append(JournalRecord record) throws IOException, InterruptedException {
        CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
        Pending entry = new Pending(record, JournalFormat.encode(record), done);
        lock.lock();
        try {
            if (failure != null) {
                throw broken(failure);
            }
            if (!opened || closed) {
                throw new IOException("the journal " + directory + " is closed");
            }
            pending.add(entry);
            waiting++;
            work.signal();
        } finally {
            lock.unlock();
        }
        try {
            done.get();
        } catch (ExecutionException failed) {
            throw broken(failed.getCause() == null ? failed : failed.getCause());
        }
    }

    private IOException broken(Throwable cause) {
        return new IOException(
                "the journal " + directory + " could not be written and takes no more until the agent is started anew",
                cause);
    }

    /** The writer thread. */
    private void write() {
        List<Pending> batch = new ArrayList<>();
        while (take(batch)) {
            try {
                writeBatch(batch);
            } catch (IOException | RuntimeException | Error failed) {
                // A failed sync may have dropped the pages it was for: trying again would claim what is not there.
                fail(failed, batch);
                return;
            }
            for (Pending entry : batch) {
                if (entry.done() != null) {
                    entry.done().complete(null);
                }
            }
        }
    }

    /** Waits for something that must be written, and takes as much as fits one batch; false at the end. */
    private boolean take(List<Pending> batch) {
        batch.clear();
        lock.lock();
        try {
            while (!closed && waiting == 0 && pending.size() < WAITING_ACKNOWLEDGEMENTS) {
                work.awaitUninterruptibly();
            }
            int bytes = 0;
            while (!pending.isEmpty() && bytes + pending.peek().encoded().remaining() <= JournalFormat.MAXIMUM_BATCH) {
                Pending entry = pending.remove();
                bytes += entry.encoded().remaining();
                waiting -= entry.done() == null ? 0 : 1;
                batch.add(entry);
            }
            return !batch.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private void writeBatch(List<Pending> batch) throws IOException {
        FileChannel file = segment;
        if (file == null) {
            throw new IOException("there is no segment");
        }
        List<ByteBuffer> encoded = new ArrayList<>(batch.size());
        for (Pending entry : batch) {
            encoded.add(entry.encoded());
        }
        size += appendWhenThereIsRoom(file, JournalFormat.batch(encoded));
        sync.force(file);
        for (Pending entry : batch) {
            apply(entry.record());
        }
        if (size > rotateAt) {
            Path old = segmentFile(sequence);
            if (startSegment()) {
                Files.delete(old);
            }
        }
    }

    /**
     * On a full volume this waits until there is room, or the journal is closed: nothing was synced, so that what was written
     * of it can be cut off and written again.
     */
    private int appendWhenThereIsRoom(FileChannel file, ByteBuffer bytes) throws IOException {
        boolean told = false;
        boolean tried = false;
        while (true) {
            try {
                return appender.append(file, bytes.duplicate());
            } catch (IOException failed) {
                file.truncate(size);
                boolean full = volume.isFull(directory);
                // It may have become less full just now: what fails again then is no want of room.
                if ((!full && tried) || (full && !pause())) {
                    throw failed;
                }
                tried = !full;
                if (full && !told) {
                    LOG.warn("The volume of the journal {} is full; starts and ends wait for room", directory, failed);
                    told = true;
                }
            }
        }
    }

    /** A moment; false where the journal is closed. */
    private boolean pause() {
        lock.lock();
        try {
            long left = NANOS_BETWEEN_TRIES;
            while (!closed && left > 0) {
                left = work.awaitNanos(left);
            }
            return !closed;
        } catch (InterruptedException nobodyDoes) {
            throw new IllegalStateException("the journal's thread is not interrupted", nobodyDoes);
        } finally {
            lock.unlock();
        }
    }

    private void fail(Throwable cause, List<Pending> batch) {
        LOG.error("The journal {} cannot be written; no attempt is accepted any more", directory, cause);
        List<Pending> refused = new ArrayList<>(batch);
        lock.lock();
        try {
            failure = cause;
            refused.addAll(pending);
            pending.clear();
        } finally {
            lock.unlock();
        }
        for (Pending entry : refused) {
            if (entry.done() != null) {
                entry.done().completeExceptionally(cause);
            }
        }
    }

    private void apply(JournalRecord record) {
        switch (record) {
            case JournalRecord.Starting starting -> live.putIfAbsent(starting.attempt(), starting);
            case JournalRecord.Ended ended -> live.put(ended.attempt(), ended);
            case JournalRecord.Acknowledged acknowledged -> live.remove(acknowledged.attempt());
        }
    }

    /**
     * Writes the live records to a new segment and goes on in it; it has its name only once it is whole and durable. False
     * where there is no room for it: then the old one goes on.
     */
    private boolean startSegment() throws IOException {
        Path file = segmentFile(sequence + 1);
        Path temporary = directory.resolve(file.getFileName() + TEMPORARY);
        FileChannel fresh = PrivateFiles.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        FileChannel old = segment;
        long written;
        try {
            written = writeLive(fresh);
            sync.force(fresh);
        } catch (IOException failed) {
            fresh.close();
            if (old == null || !volume.isFull(directory)) {
                throw failed;
            }
            // What the old one holds is durable, and the new one is nobody's yet.
            Files.deleteIfExists(temporary);
            rotateAt = size + segmentLimit;
            return false;
        }
        segment = fresh;
        sequence++;
        size = written;
        if (old != null) {
            old.close();
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        PrivateFiles.syncDirectory(directory);
        rotateAt = Math.max(segmentLimit, 2 * size);
        return true;
    }

    private long writeLive(FileChannel fresh) throws IOException {
        long written = appender.append(fresh, JournalFormat.header());
        List<ByteBuffer> batch = new ArrayList<>();
        int bytes = 0;
        for (JournalRecord record : live.values()) {
            ByteBuffer encoded = JournalFormat.encode(record);
            if (bytes + encoded.remaining() > JournalFormat.MAXIMUM_BATCH) {
                written += appender.append(fresh, JournalFormat.batch(batch));
                batch.clear();
                bytes = 0;
            }
            batch.add(encoded);
            bytes += encoded.remaining();
        }
        if (!batch.isEmpty()) {
            written += appender.append(fresh, JournalFormat.batch(batch));
        }
        return written;
    }

    private void readNewest(Path file) throws IOException {
        sequence = sequence(file);
        JournalFormat.Contents contents = JournalFormat.read(Files.readAllBytes(file), file);
        if (contents.tornBytes() > 0) {
            LOG.warn(
                    "The last write to the journal {} was cut short by a crash; its {} bytes are dropped",
                    file,
                    contents.tornBytes());
        }
        contents.records().forEach(this::apply);
    }

    /** The segments, oldest first. Only the newest counts: it began with all that was live. */
    private List<Path> segments() throws IOException {
        List<Path> found = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                String name = file.getFileName().toString();
                if (SEGMENT.matcher(name).matches()) {
                    found.add(file);
                } else if (name.endsWith(TEMPORARY)) {
                    Files.delete(file);
                }
            }
        } catch (UncheckedIOException unreadable) {
            throw unreadable.getCause();
        }
        found.sort(null);
        return found;
    }

    private Path segmentFile(long number) {
        return directory.resolve(String.format(Locale.ROOT, "%016x.journal", number));
    }

    private static long sequence(Path file) {
        return Long.parseUnsignedLong(file.getFileName().toString(), 0, 16, 16);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            work.signal();
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        while (writer.isAlive()) {
            try {
                writer.join();
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        release();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void release() {
        try {
            if (segment != null) {
                segment.close();
            }
            if (directoryLock != null) {
                directoryLock.close();
            }
        } catch (IOException failed) {
            // Everything that was promised is synced; the descriptors are gone with or without an error.
            LOG.warn("The journal {} was not closed cleanly", directory, failed);
        }
    }
}
