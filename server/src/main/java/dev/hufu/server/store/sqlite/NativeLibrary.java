package dev.hufu.server.store.sqlite;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.LibraryLoaderUtil;

/**
 * SQLite's own code, kept beside the database once it was unpacked. The driver would unpack it at each start, compare it, and
 * leave it in the directory for temporary files when it is killed.
 */
final class NativeLibrary {
    private static final Logger LOG = LoggerFactory.getLogger(NativeLibrary.class);
    private static final String PROPERTY = "org.sqlite.lib.path";

    private NativeLibrary() {}

    /**
     * Tells the driver where to find it. Where it cannot be kept, or others might put theirs in its place, or what is kept
     * cannot be loaded, the driver does as ever.
     */
    static synchronized void keepIn(Path directory) {
        if (System.getProperty(PROPERTY) != null) {
            return;
        }
        try {
            if (!onlyTheOwnerWrites(directory)) {
                return;
            }
            String name = LibraryLoaderUtil.getNativeLibName();
            Path kept =
                    directory.resolve("sqlite-" + SQLiteJDBCLoader.getVersion() + "-" + System.getProperty("os.arch"));
            if (!Files.exists(kept.resolve(name))) {
                // Only now: to know whether this is Android, the driver starts a program.
                unpack(LibraryLoaderUtil.getNativeLibResourcePath() + "/" + name, kept.resolve(name));
            }
            System.setProperty(PROPERTY, kept.toString());
        } catch (IOException failure) {
            LOG.warn("SQLite's library cannot be kept in {}: {}", directory, String.valueOf(failure));
        }
    }

    private static boolean onlyTheOwnerWrites(Path directory) throws IOException {
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(directory);
        return !permissions.contains(PosixFilePermission.GROUP_WRITE)
                && !permissions.contains(PosixFilePermission.OTHERS_WRITE);
    }

    private static void unpack(String resource, Path file) throws IOException {
        try (InputStream content = SQLiteJDBCLoader.class.getResourceAsStream(resource)) {
            if (content == null) {
                throw new IOException("the driver has none for this machine");
            }
            Path folder = Files.createDirectories(
                    file.resolveSibling("").toAbsolutePath(),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Path whole = Files.createTempFile(folder, "unpacked", "");
            try {
                Files.copy(content, whole, StandardCopyOption.REPLACE_EXISTING);
                Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(whole);
            }
        }
    }
}
