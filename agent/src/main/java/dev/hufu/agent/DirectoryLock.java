package dev.hufu.agent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps a directory to one agent: a lock that the kernel gives up with the process, on a file that names the process. Held
 * until {@link #close}.
 */
final class DirectoryLock implements AutoCloseable {
    private static final String NAME = "lock";

    /* POSIX locks belong to the process, and closing any descriptor of the file gives them up: a second agent of this
    process must not even open it. */
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final FileChannel file;

    private DirectoryLock(Path directory, FileChannel file) {
        this.directory = directory;
        this.file = file;
    }

    /** @throws IOException if another agent holds it, or it cannot be made */
    static DirectoryLock take(Path directory) throws IOException {
        Path real = directory.toRealPath();
        if (!HELD_HERE.add(real)) {
            throw new IOException(real + " is in use by another agent, process "
                    + ProcessHandle.current().pid());
        }
        try {
            return new DirectoryLock(real, locked(real.resolve(NAME)));
        } catch (IOException | RuntimeException failed) {
            HELD_HERE.remove(real);
            throw failed;
        }
    }

    private static FileChannel locked(Path path) throws IOException {
        FileChannel file = PrivateFiles.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (file.tryLock() == null) {
                throw new IOException(path.getParent() + " is in use by another agent, process "
                        + Files.readString(path).strip());
            }
            file.truncate(0);
            file.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
            return file;
        } catch (IOException | OverlappingFileLockException failed) {
            file.close();
            throw failed;
        }
    }

    @Override
    public void close() throws IOException {
        try {
            file.close();
        } finally {
            HELD_HERE.remove(directory);
        }
    }
}
