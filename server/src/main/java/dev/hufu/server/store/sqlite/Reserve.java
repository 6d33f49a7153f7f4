package dev.hufu.server.store.sqlite;

import dev.hufu.support.Timers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.EnumSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file of zeros beside the store, whose room is given up when the volume is full, so that what has begun can be ended; until
 * it is there again nothing new is begun. Used by the writer's thread; others may ask whether it is {@link #spent}.
 */
final class Reserve {
    static final String SUFFIX = "-reserve";

    private static final Logger LOG = LoggerFactory.getLogger(Reserve.class);
    private static final int CHUNK = 256 << 10;
    private static final long NANOS_BETWEEN_TRIES = Duration.ofSeconds(1).toNanos();

    private final Path file;
    private final long size;
    private final Timers timers;
    private volatile boolean spent;
    private long triedAt;

    /** @param size in bytes; 0 for none, which is never spent */
    Reserve(Path store, long size, Timers timers) {
        this.file = store.resolveSibling(store.getFileName() + SUFFIX);
        this.size = size;
        this.timers = timers;
        triedAt = timers.nanoTime();
    }

    /** Takes the room, or begins as spent where there is too little. */
    void open() {
        spent = size > 0 && !fill(size);
        if (spent) {
            LOG.warn("There is no room for {}; nothing new is begun until there is", file);
        }
    }

    /** Whether its room was given up and is not back yet. */
    boolean spent() {
        return spent;
    }

    /** Gives up the room; false where there is none to give. */
    boolean spend() {
        if (size == 0 || spent) {
            return false;
        }
        spent = true;
        empty();
        LOG.warn("The volume is full: the reserve {} is given up, and nothing new is begun until there is room", file);
        return true;
    }

    /** Takes the room back where there is enough again; looks once a second at most. */
    void restore() {
        if (!spent || timers.nanoTime() - triedAt < NANOS_BETWEEN_TRIES) {
            return;
        }
        triedAt = timers.nanoTime();
        // Twice, so that it is not spent again with the next write.
        if (fill(2 * size)) {
            spent = false;
            LOG.info("There is room again: the reserve is back, and new runs are accepted");
        }
    }

    private boolean fill(long needed) {
        try (FileChannel channel = FileChannel.open(
                file,
                EnumSet.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            long there = channel.size();
            if (there >= size) {
                channel.truncate(size);
                return true;
            }
            if (Files.getFileStore(file).getUsableSpace() < needed - there) {
                return false;
            }
            ByteBuffer zeros = ByteBuffer.allocate(CHUNK);
            channel.position(there);
            while (there < size) {
                zeros.clear().limit((int) Math.min(CHUNK, size - there));
                there += channel.write(zeros);
            }
            channel.force(true);
            return true;
        } catch (IOException noRoom) {
            LOG.debug("The reserve cannot be filled", noRoom);
            empty();
            return false;
        }
    }

    private void empty() {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(0);
            channel.force(true);
        } catch (IOException failed) {
            LOG.warn("The reserve {} cannot be given up", file, failed);
        }
    }
}
