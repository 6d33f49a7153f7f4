package dev.hufu.exec.internal;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The short, private directory of the sockets: made if missing, and the user's own, or refused. */
final class RunDirectory {
    /** The longest name of a file in it, with the slash before it. */
    static final int LONGEST_NAME = 24;

    private static final int LONGEST_SOCKET_PATH = 106;
    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rwx------");
    private static final FileAttribute<Set<PosixFilePermission>> AS_PRIVATE =
            PosixFilePermissions.asFileAttribute(PRIVATE);
    private static final Path TEMPORARY = Path.of("/tmp");

    private RunDirectory() {}

    static Path prepare(Optional<Path> configured, Map<String, String> environment) throws IOException {
        int user = ownUser();
        if (configured.isPresent()) {
            return prepared(configured.get().toAbsolutePath(), user);
        }
        String session = environment.getOrDefault("XDG_RUNTIME_DIR", "");
        if (session.startsWith("/")) {
            Path parent = Path.of(session);
            // A directory of somebody else's session is what a change of user leaves in the environment.
            if (Files.isDirectory(parent) && ownerOf(parent) == user && fits(parent.resolve("hufu"))) {
                return prepared(parent.resolve("hufu"), user);
            }
        }
        try {
            return prepared(TEMPORARY.resolve("hufu-" + user), user);
        } catch (IOException e) {
            // Anybody may have taken that name; one that cannot be guessed is nobody else's.
            return Files.createTempDirectory(TEMPORARY, "hufu-", AS_PRIVATE);
        }
    }

    private static Path prepared(Path directory, int user) throws IOException {
        if (!fits(directory)) {
            throw new IOException("run directory's path is too long for sockets (at most "
                    + (LONGEST_SOCKET_PATH - LONGEST_NAME) + " bytes): " + directory);
        }
        try {
            Files.createDirectory(directory, AS_PRIVATE);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
                throw new IOException("run directory is no directory: " + directory, e);
            }
        }
        if (ownerOf(directory) != user) {
            throw new IOException("run directory belongs to somebody else: " + directory);
        }
        if (!Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS).equals(PRIVATE)) {
            throw new IOException("run directory's mode must be 0700: " + directory);
        }
        return directory;
    }

    private static boolean fits(Path directory) {
        return PathBytes.of(directory).length + LONGEST_NAME <= LONGEST_SOCKET_PATH;
    }

    private static int ownerOf(Path path) throws IOException {
        Object owner = Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        return owner instanceof Integer uid ? uid : -1;
    }

    private static int ownUser() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("Uid:")) {
                // Real, effective, saved, file system: files are made as the last.
                String[] ids = line.substring("Uid:".length()).trim().split("\\s+", -1);
                return Integer.parseInt(ids[ids.length - 1]);
            }
        }
        throw new IOException("no user in /proc/self/status");
    }
}
