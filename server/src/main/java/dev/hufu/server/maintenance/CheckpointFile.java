package dev.hufu.server.maintenance;

import dev.hufu.protocol.Bytes;
import dev.hufu.server.audit.Checkpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;

/**
 * The file of signed checkpoints, a line each, to which one thread appends and from which others read. A line that a crash cut
 * short does not count, and is taken away by the next.
 */
final class CheckpointFile {
    private static final int LONGEST_LINE = 4_096;

    private final Path file;

    CheckpointFile(Path file) {
        this.file = file;
    }

    /** A line and where the next begins. */
    record Line(Bytes json, long end) {}

    /** Durable when this returns. */
    void append(Checkpoint checkpoint) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(384);
        line.writeBytes(checkpoint.line());
        line.write('\n');
        try (FileChannel channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            long end = end(channel);
            channel.truncate(end);
            ByteBuffer bytes = ByteBuffer.wrap(line.toByteArray());
            while (bytes.hasRemaining()) {
                end += channel.write(bytes, end);
            }
            channel.force(true);
        }
    }

    /** The newest checkpoint; empty where there is none. */
    Optional<Checkpoint> last() throws IOException {
        long start = startOfLast();
        Optional<Line> line = start < 0 ? Optional.empty() : after(start);
        try {
            return line.map(each -> Checkpoint.read(each.json().toArray()));
        } catch (IllegalArgumentException malformed) {
            throw new IOException(
                    file + " ends with a line that is no checkpoint; move it away to begin another", malformed);
        }
    }

    /** Where the last line begins; -1 for none. */
    long startOfLast() throws IOException {
        if (!Files.exists(file)) {
            return -1;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long end = end(channel);
            return end == 0 ? -1 : lineEndBefore(channel, end - 1);
        }
    }

    /** The whole line that begins there; empty where there is none yet. */
    Optional<Line> after(long offset) throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            byte[] found = read(channel, offset, LONGEST_LINE);
            for (int i = 0; i < found.length; i++) {
                if (found[i] == '\n') {
                    return Optional.of(new Line(Bytes.of(Arrays.copyOf(found, i)), offset + i + 1));
                }
            }
            if (found.length == LONGEST_LINE) {
                throw new IOException(file + " has a line that is no checkpoint at byte " + offset);
            }
            return Optional.empty();
        }
    }

    /** Whether lines that were there are not any more: another file has its name. */
    boolean endsBefore(long offset) throws IOException {
        return (Files.exists(file) ? Files.size(file) : 0) < offset;
    }

    /** The end of the last whole line. */
    private long end(FileChannel channel) throws IOException {
        return lineEndBefore(channel, channel.size());
    }

    /** Right after the last line's end that lies wholly before {@code limit}; 0 for none. */
    private long lineEndBefore(FileChannel channel, long limit) throws IOException {
        long from = Math.max(0, limit - LONGEST_LINE);
        byte[] tail = read(channel, from, (int) (limit - from));
        for (int i = tail.length - 1; i >= 0; i--) {
            if (tail[i] == '\n') {
                return from + i + 1;
            }
        }
        if (from > 0) {
            throw new IOException(file + " is no file of checkpoints: it ends with a line that is too long");
        }
        return 0;
    }

    private static byte[] read(FileChannel channel, long from, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        long at = from;
        while (bytes.hasRemaining()) {
            int read = channel.read(bytes, at);
            if (read < 0) {
                break;
            }
            at += read;
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }
}
