package dev.hufu.server.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the kernel and this process's surroundings say of themselves. */
final class MachineChecks {
    private static final Instant NO_CLOCK_IS_BEFORE = Instant.parse("2025-09-01T00:00:00Z");
    private static final long DESCRIPTORS_AT_REST = 200;
    private static final long UNLIMITED = Long.MAX_VALUE;
    private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+).*");

    private final Path root;
    private final int maxRunning;

    /**
     * @param root of the file system, where {@code proc} and {@code sys} are
     * @param maxRunning commands that run at once
     */
    MachineChecks(Path root, int maxRunning) {
        this.root = root;
        this.maxRunning = maxRunning;
    }

    List<Finding> all(SystemCalls calls, Instant now) {
        List<Finding> all = new ArrayList<>();
        all.add(kernel(System.getProperty("os.name", ""), System.getProperty("os.version", "")));
        all.add(pidfd(calls.pidfd()));
        all.add(closeRange(calls.closeRange()));
        all.add(trace());
        all.add(descriptors());
        all.add(processes());
        all.add(memory());
        all.add(locale(System.getProperty("sun.jnu.encoding", ""), System.getProperty("native.encoding", "")));
        all.add(clock(now));
        return all;
    }

    static Finding kernel(String name, String version) {
        Matcher matcher = VERSION.matcher(version);
        if (!name.equals("Linux") || !matcher.matches()) {
            return Finding.broken("kernel", name + " " + version, "The native launcher is for Linux only.");
        }
        int major = Integer.parseInt(matcher.group(1));
        int minor = Integer.parseInt(matcher.group(2));
        return major > 5 || (major == 5 && minor >= 9)
                ? Finding.ok("kernel", "Linux " + version)
                : Finding.weaker(
                        "kernel",
                        "Linux " + version + ", older than 5.9",
                        "It lacks calls that are looked for below, and nobody tests Hufu on it.");
    }

    static Finding pidfd(boolean there) {
        return there
                ? Finding.ok("pidfd", "a process is signalled by a descriptor, which never means another one")
                : Finding.weaker(
                        "pidfd",
                        "pidfd_open or pidfd_send_signal is missing, or a filter of system calls denies it",
                        "Processes that left their parents are signalled only once they are children of their"
                                + " supervisor; a stop takes longer, and its proof is the same.");
    }

    static Finding closeRange(boolean there) {
        return there
                ? Finding.ok("close_range", "no descriptor of Hufu's own reaches a command")
                : Finding.broken(
                        "close_range",
                        "close_range is missing, or a filter of system calls denies it",
                        "Descriptors could reach commands; use Linux 5.9 or newer, or a filter that allows it.");
    }

    /** Who has the same user may signal and read each other's processes; Yama bounds the second (B41). */
    Finding trace() {
        String scope =
                read("proc/sys/kernel/yama/ptrace_scope").map(String::strip).orElse("");
        String signals = "A command that runs as the server's own user can signal the server and other commands;";
        return scope.isEmpty() || scope.equals("0")
                ? Finding.weaker(
                        "tracing",
                        "processes of one user may read and change each other's memory (no Yama, or ptrace_scope 0)",
                        signals + " it can read and change their memory, too. Run commands as another user, or set"
                                + " kernel.yama.ptrace_scope to 1.")
                : Finding.ok("tracing", "a process is traced by its own parents only (ptrace_scope " + scope + ")");
    }

    Finding descriptors() {
        long soft = limit("Max open files", 1);
        long hard = limit("Max open files", 2);
        // The JVM raises its own limit to the hard one. An attempt takes a socket here, and its reader a file.
        long wanted = DESCRIPTORS_AT_REST + 2L * maxRunning;
        String found = "open files: " + shown(soft) + " (soft), " + shown(hard) + " (hard)";
        return hard >= wanted
                ? Finding.ok("descriptors", found)
                : Finding.weaker(
                        "descriptors",
                        found,
                        "About " + Math.max(1, (hard - DESCRIPTORS_AT_REST) / 2) + " commands can run at once, not "
                                + maxRunning + ": raise LimitNOFILE or 'ulimit -n', or lower execution.maxRunning.");
    }

    Finding processes() {
        long user = limit("Max processes", 1);
        long group = bound("pids.max");
        long least = Math.min(user, group);
        // A supervisor and a command, which mostly is more than one.
        long wanted = 3L * maxRunning;
        String found = "processes: " + shown(user) + " of this user, " + shown(group) + " of this control group";
        return least >= wanted
                ? Finding.ok("processes", found)
                : Finding.weaker(
                        "processes",
                        found,
                        "About " + Math.max(1, least / 3) + " commands can run at once, not " + maxRunning
                                + ": raise TasksMax or 'ulimit -u', or lower execution.maxRunning.");
    }

    Finding memory() {
        long group = bound("memory.max");
        long total = read("proc/meminfo")
                .flatMap(text -> text.lines()
                        .filter(line -> line.startsWith("MemTotal:"))
                        .map(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                        .findFirst())
                .orElse(0L);
        String found = "memory: " + (total >> 20) + " MiB of the machine"
                + (group == UNLIMITED ? "" : ", " + (group >> 20) + " MiB of this control group");
        return Finding.note(
                "memory",
                found,
                group == UNLIMITED
                        ? null
                        : "The server and every command without a group of its own share what the group has.");
    }

    static Finding locale(String names, String content) {
        return names.equalsIgnoreCase("UTF-8")
                ? Finding.ok("locale", "names of files are UTF-8")
                : Finding.weaker(
                        "locale",
                        "names of files are " + names + ", text is " + content,
                        "A data directory, or a certificate, whose path is not plain ASCII cannot be opened: set"
                                + " LC_ALL=C.UTF-8 where the server starts. Commands are not concerned.");
    }

    static Finding clock(Instant now) {
        return now.isAfter(NO_CLOCK_IS_BEFORE)
                ? Finding.ok("clock", "it is " + now)
                : Finding.broken(
                        "clock",
                        "it says " + now,
                        "That cannot be: runs would be filed in the past, and certificates not be valid. Set it.");
    }

    private long limit(String name, int column) {
        return read("proc/self/limits")
                .flatMap(text -> text.lines()
                        .filter(line -> line.startsWith(name))
                        .map(line -> line.substring(name.length()).strip().split("\\s+", -1))
                        .findFirst())
                .filter(fields -> fields.length >= column)
                .map(fields -> number(fields[column - 1]))
                .orElse(UNLIMITED);
    }

    /** Of the control group (version 2) of this process, or the least of those above it. */
    private long bound(String file) {
        String group = read("proc/self/cgroup")
                .flatMap(text ->
                        text.lines().filter(line -> line.startsWith("0::/")).findFirst())
                .map(line -> line.substring("0::/".length()))
                .orElse("");
        long least = UNLIMITED;
        for (Path at = Path.of(group); ; at = at.getParent()) {
            Path inGroup = Path.of("sys/fs/cgroup")
                    .resolve(at == null ? Path.of("") : at)
                    .resolve(file);
            least = Math.min(
                    least,
                    read(inGroup.toString()).map(text -> number(text.strip())).orElse(UNLIMITED));
            if (at == null) {
                return least;
            }
        }
    }

    private static long number(String text) {
        return text.matches("\\d{1,18}") ? Long.parseLong(text) : UNLIMITED;
    }

    private static String shown(long limit) {
        return limit == UNLIMITED ? "unlimited" : Long.toString(limit);
    }

    private Optional<String> read(String file) {
        try {
            return Optional.of(new String(Files.readAllBytes(root.resolve(file)), StandardCharsets.UTF_8));
        } catch (IOException _) {
            return Optional.empty();
        }
    }
}
