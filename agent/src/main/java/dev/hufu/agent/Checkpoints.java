package dev.hufu.agent;

import dev.hufu.protocol.TaskId;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The directory that a task's attempts share, named by the task's id alone: made for the user of its run, and removed with
 * what is in it once the task has ended. Those of other users lie where they can be reached, which the agent's own data
 * directory cannot. Stateless; any thread may use it.
 */
final class Checkpoints {
    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> PASSABLE = PosixFilePermissions.fromString("rwx--x--x");

    /** Deeper than this nothing is removed: each level takes a descriptor. */
    private static final int DEEPEST = 500;

    private final Path own;
    private final Path shared;
    private final NodeUser user;

    /**
     * @param own where those of the agent's own user lie; made where it is missing
     * @param shared where those of others lie; made where it is missing, and the agent's own, or not used
     * @param user the agent's own
     */
    Checkpoints(Path own, Path shared, NodeUser user) {
        this.own = own;
        this.shared = shared;
        this.user = user;
    }

    /** In an agent's data directory, and for other users below {@code /var/tmp}. */
    static Checkpoints of(Path dataDirectory, NodeUser user) {
        return new Checkpoints(
                dataDirectory.resolve("checkpoints"), Path.of("/var/tmp/hufu-checkpoints-" + user.id()), user);
    }

    /**
     * Makes the task's directory, or finds it as an earlier attempt left it.
     *
     * @throws IOException if it cannot be made, or is not what it should be; the message names it
     */
    Path prepare(TaskId task, NodeUser owner) throws IOException {
        boolean others = !owner.id().equals(user.id());
        if (others) {
            prepareShared();
        } else {
            PrivateFiles.createDirectories(own);
        }
        Path directory = (others ? shared : own).resolve(task.toString());
        try {
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(PRIVATE));
        } catch (FileAlreadyExistsException _) {
            if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
                throw new IOException(directory + " is no directory");
            }
        }
        if (others) {
            give(directory, owner);
        }
        return directory;
    }

    /** Only its owner may list it, everybody may pass, and nobody else may have made it. */
    private void prepareShared() throws IOException {
        try {
            Files.createDirectory(shared);
            Files.setPosixFilePermissions(shared, PASSABLE);
        } catch (FileAlreadyExistsException _) {
            // By a former agent, or by somebody who wants to be in its place.
        }
        Object owner = Files.getAttribute(shared, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        if (!Files.isDirectory(shared, LinkOption.NOFOLLOW_LINKS)
                || !String.valueOf(owner).equals(user.id())
                || !Files.getPosixFilePermissions(shared, LinkOption.NOFOLLOW_LINKS)
                        .equals(PASSABLE)) {
            throw new IOException(shared + " is not this agent's own, with mode 0711");
        }
    }

    private static void give(Path directory, NodeUser owner) throws IOException {
        if (owner.id().matches("[0-9]+")) {
            if (owner.group().matches("[0-9]+")) {
                Files.setAttribute(
                        directory, "unix:gid", (int) Long.parseLong(owner.group()), LinkOption.NOFOLLOW_LINKS);
            }
            Files.setAttribute(directory, "unix:uid", (int) Long.parseLong(owner.id()), LinkOption.NOFOLLOW_LINKS);
            return;
        }
        try {
            Files.getFileAttributeView(directory, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                    .setOwner(directory
                            .getFileSystem()
                            .getUserPrincipalLookupService()
                            .lookupPrincipalByName(owner.name()));
        } catch (UserPrincipalNotFoundException _) {
            // There is no such user: the launcher says so, and nothing is started.
        }
    }

    /** The tasks that have a directory here. */
    List<TaskId> tasks() throws IOException {
        List<TaskId> tasks = new ArrayList<>();
        for (Path root : List.of(own, shared)) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(root)) {
                for (Path entry : entries) {
                    TaskId.parse(entry.getFileName().toString()).ifPresent(tasks::add);
                }
            } catch (NoSuchFileException _) {
                // No task ever had one there.
            } catch (DirectoryIteratorException failed) {
                throw failed.getCause();
            }
        }
        return tasks;
    }

    /** Removes the task's directory; without effect where there is none. Follows no link, whatever is changed meanwhile. */
    void remove(TaskId task) throws IOException {
        for (Path root : List.of(own, shared)) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(root)) {
                // Linux has it; names are then taken relative to a directory that is held open.
                if (entries instanceof SecureDirectoryStream<Path> held) {
                    removeIn(held, Path.of(task.toString()), 0);
                }
            } catch (NoSuchFileException _) {
                // Nothing to remove there.
            }
        }
    }

    private static void removeIn(SecureDirectoryStream<Path> parent, Path name, int depth) throws IOException {
        Optional<BasicFileAttributes> found = attributes(parent, name);
        if (found.isEmpty()) {
            return;
        }
        if (!found.get().isDirectory()) {
            parent.deleteFile(name);
            return;
        }
        if (depth > DEEPEST) {
            throw new IOException("directories are nested more than " + DEEPEST + " deep");
        }
        open(parent, name);
        List<Path> names = new ArrayList<>();
        try (SecureDirectoryStream<Path> directory = parent.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
            for (Path entry : directory) {
                names.add(entry.getFileName());
            }
            for (Path entry : names) {
                removeIn(directory, entry, depth + 1);
            }
        }
        parent.deleteDirectory(name);
    }

    /** A command may have locked its own directory. */
    private static void open(SecureDirectoryStream<Path> parent, Path name) throws IOException {
        PosixFileAttributeView view =
                parent.getFileAttributeView(name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
        if (!view.readAttributes().permissions().containsAll(PRIVATE)) {
            view.setPermissions(PRIVATE);
        }
    }

    private static Optional<BasicFileAttributes> attributes(SecureDirectoryStream<Path> parent, Path name)
            throws IOException {
        try {
            return Optional.of(
                    parent.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                            .readAttributes());
        } catch (NoSuchFileException _) {
            return Optional.empty();
        }
    }
}
