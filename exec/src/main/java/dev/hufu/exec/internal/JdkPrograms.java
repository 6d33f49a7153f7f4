package dev.hufu.exec.internal;

import dev.hufu.exec.Errno;
import dev.hufu.exec.ExitStatus.LaunchFailed;
import dev.hufu.exec.LaunchStage;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What {@link ProcessBuilder} does otherwise than a launcher should: it searches programs in the JVM's own PATH, gives what the
 * kernel does not take for a program to a shell, and says only in words why it failed.
 */
final class JdkPrograms {
    private static final int ENOEXEC = 8;
    private static final int ENOTDIR = 20;
    private static final int EIO = 5;
    private static final int MAGIC_SIZE = 4;
    private static final Pattern NUMBER = Pattern.compile("error[:=] ?(\\d{1,4})\\b");
    private static final String DEFAULT_PATH = "/bin:/usr/bin";
    private static final boolean UNIX = File.separatorChar == '/';

    private JdkPrograms() {}

    /** What was found: the program's file, or why there is none. */
    record Found(String file, @Nullable LaunchFailed failure) {}

    static Found find(String name, Map<String, String> environment, Path workingDirectory) {
        if (!UNIX) {
            return new Found(name, null);
        }
        if (name.indexOf('/') >= 0) {
            return look(name, workingDirectory);
        }
        Found denied = null;
        for (String entry : environment.getOrDefault("PATH", DEFAULT_PATH).split(":", -1)) {
            Found found = look(entry.isEmpty() ? "./" + name : entry + "/" + name, workingDirectory);
            if (found.failure() == null || found.failure().errno() == ENOEXEC) {
                return found;
            }
            denied = found.failure().errno() == Errno.EACCES ? found : denied;
        }
        return denied == null ? failed(name, Errno.ENOENT) : denied;
    }

    private static Found look(String name, Path workingDirectory) {
        try {
            Path file = workingDirectory.resolve(name);
            if (!Files.exists(file)) {
                return failed(name, Errno.ENOENT);
            }
            if (!Files.isRegularFile(file) || !Files.isExecutable(file)) {
                return failed(name, Errno.EACCES);
            }
            return isProgram(file) ? new Found(name, null) : failed(name, ENOEXEC);
        } catch (InvalidPathException e) {
            return failed(name, Errno.ENOENT);
        }
    }

    /** Whether a shell has nothing to do with it: a script with an interpreter's line, ELF, Mach-O. */
    private static boolean isProgram(Path file) {
        byte[] magic;
        try (InputStream in = Files.newInputStream(file)) {
            magic = in.readNBytes(MAGIC_SIZE);
        } catch (IOException e) {
            // Executable and not readable: what is no program fails as it may.
            return true;
        }
        if (magic.length < MAGIC_SIZE) {
            return magic.length >= 2 && magic[0] == '#' && magic[1] == '!';
        }
        if (magic[0] == '#' && magic[1] == '!') {
            return true;
        }
        return switch (ByteBuffer.wrap(magic).getInt()) {
            case 0x7f454c46, 0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe, 0xcafebabe -> true;
            default -> false;
        };
    }

    private static Found failed(String name, int errno) {
        return new Found(name, new LaunchFailed(errno, LaunchStage.EXEC));
    }

    /** Why nothing can run there; null where it can. */
    static @Nullable LaunchFailed unusable(Path workingDirectory) {
        if (Files.isDirectory(workingDirectory)) {
            return Files.isExecutable(workingDirectory) ? null : new LaunchFailed(Errno.EACCES, LaunchStage.CHDIR);
        }
        return new LaunchFailed(Files.exists(workingDirectory) ? ENOTDIR : Errno.ENOENT, LaunchStage.CHDIR);
    }

    /** Out of the words of a failed start. */
    static LaunchFailed explain(IOException failure, Path workingDirectory) {
        LaunchFailed gone = unusable(workingDirectory);
        if (gone != null) {
            return gone;
        }
        Matcher number = NUMBER.matcher(String.valueOf(failure.getMessage()));
        return new LaunchFailed(number.find() ? Integer.parseInt(number.group(1)) : EIO, LaunchStage.EXEC);
    }
}
