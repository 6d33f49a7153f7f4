package dev.hufu.exec.internal;

import dev.hufu.exec.ProcessInfo;
import dev.hufu.exec.ProcessTree;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** One look at everything below a supervisor, within bounds whatever is there. For one look; not for several threads. */
final class ProcessScan {
    private static final int LONGEST_ARGV = 2_048;
    private static final int LONGEST_SMALL_FILE = 4_096;
    private static final int LONGEST_LIST = 1 << 20;
    private static final int MOST_FRAMES = 64;
    private static final int MOST_THREADS = 20_000;
    // Clock ticks are hundredths of a second on every architecture this library is built for (source: USER_HZ).
    private static final long MILLIS_PER_TICK = 10;
    private static final long BYTES_PER_KIB = 1_024;

    private final Path proc;
    private final int atMost;
    private final Map<Long, Stat> found = new LinkedHashMap<>();
    private int threadsAsked;
    private boolean truncated;

    /** What is needed of {@code /proc/pid/stat}. */
    private record Stat(String name, char state, long parent, long userTicks, long systemTicks, int threads) {}

    /** @param proc {@code /proc} */
    ProcessScan(Path proc, int atMost) {
        this.proc = proc;
        this.atMost = atMost;
    }

    /** What is below this process now. */
    ProcessTree below(long supervisor, Instant now) {
        if (read(task(supervisor, supervisor).resolve("children"), 1) != null) {
            walk(supervisor);
        } else {
            // A kernel without lists of children.
            descend(supervisor, everyStat());
        }
        List<ProcessInfo> processes = new ArrayList<>(found.size());
        found.forEach((pid, stat) -> processes.add(info(pid, stat)));
        return new ProcessTree(now, processes, truncated);
    }

    private void walk(long supervisor) {
        ArrayDeque<Long> parents = new ArrayDeque<>();
        parents.add(supervisor);
        while (!parents.isEmpty() && !truncated) {
            long parent = parents.remove();
            for (long child : children(parent)) {
                Stat stat = found.containsKey(child) ? null : stat(child);
                // A child that was orphaned meanwhile is the supervisor's; one with another parent is a stranger by
                // now.
                if (stat != null && (stat.parent == parent || stat.parent == supervisor) && add(child, stat)) {
                    parents.add(child);
                }
            }
        }
    }

    private void descend(long supervisor, Map<Long, Stat> all) {
        Map<Long, List<Long>> children = new HashMap<>();
        all.forEach((pid, stat) ->
                children.computeIfAbsent(stat.parent, _ -> new ArrayList<>()).add(pid));
        ArrayDeque<Long> parents = new ArrayDeque<>();
        parents.add(supervisor);
        while (!parents.isEmpty() && !truncated) {
            for (long child : children.getOrDefault(parents.remove(), List.of())) {
                Stat stat = all.get(child);
                if (stat != null && add(child, stat)) {
                    parents.add(child);
                }
            }
        }
    }

    private boolean add(long pid, Stat stat) {
        if (found.size() == atMost) {
            truncated = true;
            return false;
        }
        found.put(pid, stat);
        return true;
    }

    private List<Long> children(long parent) {
        List<Long> children = new ArrayList<>();
        for (long thread : numbers(proc.resolve(Long.toString(parent)).resolve("task"))) {
            if (++threadsAsked > MOST_THREADS) {
                truncated = true;
                return children;
            }
            byte[] list = read(task(parent, thread).resolve("children"), LONGEST_LIST);
            if (list != null) {
                for (String pid : ascii(list).trim().split(" ", -1)) {
                    number(pid).ifPresent(children::add);
                }
            }
        }
        return children;
    }

    private Map<Long, Stat> everyStat() {
        Map<Long, Stat> all = new HashMap<>();
        for (long pid : numbers(proc)) {
            Stat stat = stat(pid);
            if (stat != null) {
                all.put(pid, stat);
            }
        }
        return all;
    }

    private Path task(long pid, long thread) {
        return proc.resolve(Long.toString(pid)).resolve("task").resolve(Long.toString(thread));
    }

    private static long[] numbers(Path directory) {
        String[] names = directory.toFile().list();
        return names == null
                ? new long[0]
                : Arrays.stream(names)
                        .map(ProcessScan::number)
                        .filter(OptionalLong::isPresent)
                        .mapToLong(OptionalLong::getAsLong)
                        .sorted()
                        .toArray();
    }

    private static OptionalLong number(String text) {
        return text.matches("[1-9][0-9]{0,9}") ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
    }

    /** Null where the process is gone. */
    private @Nullable Stat stat(long pid) {
        byte[] bytes = read(proc.resolve(Long.toString(pid)).resolve("stat"), LONGEST_SMALL_FILE);
        if (bytes == null) {
            return null;
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        // The name may hold anything, also parentheses.
        int open = text.indexOf('(');
        int close = text.lastIndexOf(')');
        if (open < 0 || close < open) {
            return null;
        }
        String[] fields = text.substring(close + 1).trim().split(" ", -1);
        try {
            return new Stat(
                    text.substring(open + 1, close),
                    fields[0].charAt(0),
                    Long.parseLong(fields[1]),
                    Long.parseLong(fields[11]),
                    Long.parseLong(fields[12]),
                    Integer.parseInt(fields[17]));
        } catch (IndexOutOfBoundsException | NumberFormatException _) {
            return null;
        }
    }

    private ProcessInfo info(long pid, Stat stat) {
        Path directory = proc.resolve(Long.toString(pid));
        byte[] command = read(directory.resolve("cmdline"), LONGEST_ARGV + 1);
        boolean cut = command != null && command.length > LONGEST_ARGV;
        byte[] wait = read(directory.resolve("wchan"), LONGEST_SMALL_FILE);
        String waitsOn = wait == null ? "" : ascii(wait).trim();
        byte[] stack = read(directory.resolve("stack"), LONGEST_SMALL_FILE);
        return new ProcessInfo(
                pid,
                stat.parent,
                stat.name,
                command == null ? List.of() : argv(cut ? Arrays.copyOf(command, LONGEST_ARGV) : command),
                cut,
                state(stat.state),
                Duration.ofMillis(stat.userTicks * MILLIS_PER_TICK),
                Duration.ofMillis(stat.systemTicks * MILLIS_PER_TICK),
                resident(read(directory.resolve("status"), LONGEST_SMALL_FILE)),
                stat.threads,
                waitsOn.isEmpty() || waitsOn.equals("0") ? null : waitsOn,
                stack == null ? null : frames(ascii(stack)));
    }

    /** Arguments lie there one behind the other, each with a NUL after it. */
    private static List<String> argv(byte[] bytes) {
        List<String> argv = new ArrayList<>();
        int start = 0;
        for (int at = 0; at < bytes.length; at++) {
            if (bytes[at] == 0) {
                argv.add(new String(bytes, start, at - start, StandardCharsets.UTF_8));
                start = at + 1;
            }
        }
        if (start < bytes.length) {
            argv.add(new String(bytes, start, bytes.length - start, StandardCharsets.UTF_8));
        }
        return argv;
    }

    private static List<String> frames(String stack) {
        return stack.lines()
                .map(line -> line.replaceFirst("^\\[<[0-9a-fx]*>] ", ""))
                .limit(MOST_FRAMES)
                .toList();
    }

    private static @Nullable Long resident(byte @Nullable [] status) {
        if (status == null) {
            return null;
        }
        return ascii(status)
                .lines()
                .filter(line -> line.startsWith("VmRSS:"))
                .map(line -> line.replaceAll("[^0-9]", ""))
                .filter(kibibytes -> !kibibytes.isEmpty() && kibibytes.length() < 16)
                .map(kibibytes -> Long.parseLong(kibibytes) * BYTES_PER_KIB)
                .findFirst()
                .orElse(null);
    }

    private static ProcessInfo.State state(char letter) {
        return switch (letter) {
            case 'R' -> ProcessInfo.State.RUNNING;
            case 'S', 'I' -> ProcessInfo.State.SLEEPING;
            case 'D' -> ProcessInfo.State.UNINTERRUPTIBLE;
            case 'T' -> ProcessInfo.State.STOPPED;
            case 't' -> ProcessInfo.State.TRACED;
            case 'Z' -> ProcessInfo.State.ZOMBIE;
            case 'X', 'x' -> ProcessInfo.State.DEAD;
            default -> ProcessInfo.State.OTHER;
        };
    }

    private static String ascii(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /**
     * The first bytes of a file; null where it cannot be read, mostly because the process is gone. Not by a channel, which an
     * interrupt of this thread would close.
     */
    private static byte @Nullable [] read(Path file, int atMost) {
        File name = file.toFile();
        try (FileInputStream in = new FileInputStream(name)) {
            return in.readNBytes(atMost);
        } catch (IOException _) {
            return null;
        }
    }
}
