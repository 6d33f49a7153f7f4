package dev.hufu.cli;

import dev.hufu.client.Task;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How a command line ends: the only place where what became of a task turns into an exit code. Pure. */
final class ExitCode {
    static final int SUCCESS = 0;
    /** A verb other than {@code run} and {@code wait} could not do what was asked; or one of several tasks failed. */
    static final int FAILURE = 1;

    static final int USAGE = 2;
    static final int TIMED_OUT = 124;
    /** Hufu itself failed, or could not do what was asked. */
    static final int HUFU = 125;

    static final int NOT_STARTED = 126;
    static final int NOT_FOUND = 127;
    static final int CANCELLED = 130;
    /** What a shell says of a command whose reader has gone: 128 + SIGPIPE. */
    static final int READER_GONE = 141;

    private static final int SIGNAL = 128;
    /** By the numbers of Linux on x86 and ARM, from 1 on. */
    private static final List<String> SIGNALS = List.of(
            "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
            "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
            "WINCH", "IO", "PWR", "SYS");

    private static final int SIGRTMIN = 34;
    private static final int SIGRTMAX = 64;

    private ExitCode() {}

    /** Of an ended run: its process's own where there is one task, else whether all succeeded. */
    static int of(List<Task> tasks) {
        if (tasks.size() == 1) {
            return of(tasks.getFirst());
        }
        return tasks.stream().allMatch(task -> of(task) == SUCCESS) ? SUCCESS : FAILURE;
    }

    /** Of an ended task. */
    static int of(Task task) {
        return switch (task.state()) {
            case SUCCEEDED -> SUCCESS;
            case TIMED_OUT -> TIMED_OUT;
            case CANCELLED -> CANCELLED;
            case FAILED -> failed(task);
            case EXPIRED, LOST, PENDING, DISPATCHED, RUNNING, RETRYING -> HUFU;
        };
    }

    private static int failed(Task task) {
        String reason = task.reason() == null ? "" : task.reason();
        return switch (reason) {
            case "exit" -> task.exitCode() == null ? HUFU : task.exitCode();
            case "signal" -> signalled(task.signal());
            case "spawn-failed" -> notStarted(task.spawnError());
            // A limit's kill is told by the signal, as the kernel's own is; a process that exits 0 then has not
            // succeeded.
            case "memory-limit", "pid-limit" -> task.signal() == null ? HUFU : signalled(task.signal());
            default -> HUFU;
        };
    }

    private static int notStarted(Task.@Nullable SpawnError error) {
        if (error == null || !error.stage().equals("exec")) {
            return HUFU;
        }
        return error.errno().equals("ENOENT") ? NOT_FOUND : NOT_STARTED;
    }

    private static int signalled(@Nullable String signal) {
        int number = signal == null ? 0 : number(signal);
        return number == 0 ? HUFU : SIGNAL + number;
    }

    /** The number of a signal by its name, as in {@code SIGTERM} or {@code SIGRTMIN+3}; 0 where there is none. */
    static int number(String signal) {
        // The two that the C library keeps for itself have no name.
        if (signal.matches("signal [1-9][0-9]?")) {
            return Integer.parseInt(signal.substring(7));
        }
        if (!signal.startsWith("SIG")) {
            return 0;
        }
        String name = signal.substring(3);
        if (name.matches("RTMIN(\\+[0-9]{1,2})?")) {
            return SIGRTMIN + offset(name);
        }
        if (name.matches("RTMAX(-[0-9]{1,2})?")) {
            return SIGRTMAX - offset(name);
        }
        return SIGNALS.indexOf(name) + 1;
    }

    private static int offset(String name) {
        return name.length() == 5 ? 0 : Integer.parseInt(name.substring(6));
    }

    private static final Map<String, String> REASONS = Map.of(
            "output-limit", "was stopped: it wrote more than it may",
            "memory-limit", "was stopped: it used more memory than it may",
            "pid-limit", "was stopped: it started more processes than it may",
            "node-lost", "its node was lost, and with it what became of the command",
            "supervisor-lost", "its supervisor was lost, and with it what became of the command",
            "record-damaged", "the record of its end is damaged",
            "spool-full", "its output could not be stored");

    /** What the exit code alone does not say; null where it says all. */
    static @Nullable String explanation(Task task) {
        String message = task.message();
        return switch (task.state()) {
            case SUCCEEDED, PENDING, DISPATCHED, RUNNING, RETRYING -> null;
            case TIMED_OUT -> task.id() + " timed out and was stopped";
            case CANCELLED -> task.id() + " was cancelled";
            case EXPIRED -> task.id() + " expired: it could not be started in time";
            case FAILED -> {
                if ("exit".equals(task.reason()) || "signal".equals(task.reason())) {
                    yield null;
                }
                yield message != null ? place(task.spawnError()) + message : task.id() + " " + words(task.reason());
            }
            case LOST -> task.id() + " " + words(task.reason()) + (message == null ? "" : " (" + message + ")");
        };
    }

    /** Where a start failed, which the system's own words do not say; nothing where the program itself was the trouble. */
    private static String place(Task.@Nullable SpawnError error) {
        return switch (error == null ? "exec" : error.stage()) {
            case "exec" -> "";
            case "chdir" -> "the working directory cannot be entered: ";
            case "user" -> "it cannot run as that user: ";
            case "limits" -> "a limit cannot be kept: ";
            default -> "the command could not be started: ";
        };
    }

    private static String words(@Nullable String reason) {
        return reason == null ? "failed" : REASONS.getOrDefault(reason, "failed: " + reason);
    }
}
