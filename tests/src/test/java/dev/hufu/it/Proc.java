package dev.hufu.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongPredicate;

/** What the kernel says of processes ({@code /proc}). A process that ends while it is looked at counts as not there. */
public final class Proc {
    private static final Path ROOT = Path.of("/proc");

    private Proc() {}

    public static List<Long> pids(LongPredicate wanted) {
        List<Long> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(ROOT, "[0-9]*")) {
            for (Path entry : entries) {
                long pid = Long.parseLong(String.valueOf(entry.getFileName()));
                if (wanted.test(pid)) {
                    found.add(pid);
                }
            }
        } catch (IOException unreadable) {
            throw new IllegalStateException("/proc cannot be listed", unreadable);
        }
        return found;
    }

    /** Processes, other than zombies, that have this entry in their environment. */
    public static List<Long> withEnvironment(String entry) {
        String wanted = entry + "\0";
        return pids(pid -> state(pid) != 'Z' && text(pid, "environ").contains(wanted));
    }

    /** Processes, other than zombies, that were started from below this directory; only root may ask a launcher for its program. */
    public static List<Long> programsBelow(Path directory) {
        return pids(pid -> state(pid) != 'Z' && text(pid, "cmdline").startsWith(directory + "/"));
    }

    public static boolean alive(long pid) {
        return state(pid) != 'Z' && state(pid) != ' ';
    }

    /** The letter of {@code /proc/PID/stat}; a space where there is no such process. */
    public static char state(long pid) {
        return fields(pid).map(fields -> fields[0].charAt(0)).orElse(' ');
    }

    public static long parent(long pid) {
        return fields(pid).map(fields -> Long.parseLong(fields[1])).orElse(-1L);
    }

    public static List<Long> children(long parent) {
        return pids(pid -> parent(pid) == parent);
    }

    static int threads(long pid) {
        return (int) status(pid, "Threads:");
    }

    static long residentBytes(long pid) {
        return status(pid, "VmRSS:") * 1024;
    }

    static int descriptors(long pid) throws IOException {
        int count = 0;
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(ROOT.resolve(pid + "/fd"))) {
            for (Path _ : entries) {
                count++;
            }
        }
        return count;
    }

    private static long status(long pid, String name) {
        for (String line : text(pid, "status").split("\n", -1)) {
            if (line.startsWith(name)) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new IllegalStateException("no " + name + " of " + pid);
    }

    /** What follows the command's name in {@code /proc/PID/stat}. */
    private static Optional<String[]> fields(long pid) {
        String stat = text(pid, "stat");
        int end = stat.lastIndexOf(')');
        return end < 0 ? Optional.empty() : Optional.of(stat.substring(end + 2).split(" ", -1));
    }

    private static String text(long pid, String file) {
        try {
            return Files.readString(ROOT.resolve(pid + "/" + file), StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }
}
