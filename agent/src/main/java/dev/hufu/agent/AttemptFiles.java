package dev.hufu.agent;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.codec.RecordCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;

/**
 * Where the attempt files lie. An attempt's file is its one token: whoever makes it decides whether it is ever started, a
 * launch or a claim that it never will be. Stateless; files of attempts stay for their readers.
 */
final class AttemptFiles {
    private static final byte[] CLAIM = "HUFUNEVR".getBytes(StandardCharsets.US_ASCII);
    private static final int LONGEST_CLAIM = 64 << 10;

    private final Path root;
    private final Checkpoints checkpoints;

    AttemptFiles(Path dataDirectory) {
        this(dataDirectory, Checkpoints.of(dataDirectory, NodeUser.current()));
    }

    AttemptFiles(Path dataDirectory, Checkpoints checkpoints) {
        this.root = dataDirectory.resolve("attempts");
        this.checkpoints = checkpoints;
    }

    /** What attempts of one task share. */
    Checkpoints checkpoints() {
        return checkpoints;
    }

    Path path(AttemptId attempt) {
        return directory(attempt).resolve(attempt.task() + "." + attempt.number());
    }

    void prepareDirectory(AttemptId attempt) throws IOException {
        PrivateFiles.createDirectories(directory(attempt));
    }

    private Path directory(AttemptId attempt) {
        return root.resolve(attempt.task().run().value().substring(0, 6));
    }

    /**
     * Takes the attempt's file for the statement that it was never started, which makes every launch fail from then on, also
     * one that is still under way.
     *
     * @return false if the file exists: only the launcher can say what became of it
     */
    boolean claim(AttemptId attempt, Outcome never) throws IOException {
        prepareDirectory(attempt);
        Path file = path(attempt);
        Path whole = file.resolveSibling(file.getFileName() + ".claim");
        byte[] statement = RecordCodec.cbor().encode(never);
        ByteBuffer content = ByteBuffer.allocate(CLAIM.length + statement.length)
                .put(CLAIM)
                .put(statement)
                .flip();
        try (FileChannel channel = PrivateFiles.open(
                whole, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            while (content.hasRemaining()) {
                channel.write(content);
            }
        }
        try {
            // A link appears whole or not at all, and not where there is a file.
            Files.createLink(file, whole);
            return true;
        } catch (FileAlreadyExistsException _) {
            return false;
        } finally {
            Files.deleteIfExists(whole);
        }
    }

    /** The statement that {@link #claim} left, empty where the file is missing or something else. */
    Optional<Outcome> claimed(AttemptId attempt) throws IOException {
        byte[] content;
        try (FileChannel channel = FileChannel.open(path(attempt), StandardOpenOption.READ)) {
            if (channel.size() > LONGEST_CLAIM) {
                return Optional.empty();
            }
            ByteBuffer buffer = ByteBuffer.allocate(LONGEST_CLAIM);
            int read;
            do {
                read = channel.read(buffer);
            } while (read > 0);
            content = Arrays.copyOf(buffer.array(), buffer.position());
        } catch (NoSuchFileException _) {
            return Optional.empty();
        }
        if (content.length < CLAIM.length || !Arrays.equals(content, 0, CLAIM.length, CLAIM, 0, CLAIM.length)) {
            return Optional.empty();
        }
        try {
            return Optional.of(RecordCodec.cbor()
                    .decode(Arrays.copyOfRange(content, CLAIM.length, content.length), Outcome.class));
        } catch (IllegalArgumentException damaged) {
            throw new IOException("the claim " + path(attempt) + " is damaged", damaged);
        }
    }
}
