package dev.hufu.protocol;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an agent knows of the end of an attempt: facts only; what state follows is for the server to say.
 *
 * @param startedAt when exec succeeded; null where it did not
 * @param usage null where it is unknown
 * @param killReport null where nothing had to be killed
 */
public record Outcome(
        Ending ending,
        StopCause stopCause,
        @Nullable Instant startedAt,
        Instant finishedAt,
        @Nullable Usage usage,
        Output output,
        @Nullable KillReport killReport) {

    /** How it ended. */
    public sealed interface Ending {
        /** The main process called exit. */
        record Exited(int code) implements Ending {}

        /**
         * A signal ended the main process.
         *
         * @param signal its name, as in {@code SIGKILL}
         */
        record Signaled(String signal) implements Ending {}

        /**
         * It could not be started.
         *
         * @param errno its name, as in {@code ENOENT}
         * @param message begins with the C library's text of the errno
         */
        record SpawnFailed(String errno, String stage, String message) implements Ending {}

        /** It was provably never started, because it was cancelled before. */
        record NeverStarted() implements Ending {}

        /** It was provably never started, because its time to start had passed. */
        record Expired() implements Ending {}

        /** The agent will not run it; it was not started. */
        record Rejected(String message) implements Ending {}

        /** The outcome is unknown. */
        record Unknown(Reason reason, String message) implements Ending {}
    }

    /** Why the process tree was stopped; {@link #NONE} where it ended by itself. */
    public enum StopCause {
        NONE,
        DEADLINE,
        REQUESTED,
        OUTPUT,
        MEMORY,
        PIDS,
        SUPERVISOR_LOST
    }

    /** What an attempt used, over all its processes. */
    public record Usage(long wallMs, long userMs, long systemMs, long maxRssBytes) {}

    /** How much it wrote, and whether some of it was not kept. */
    public record Output(long stdoutBytes, long stderrBytes, boolean truncated, boolean spoolFull) {
        public static final Output NONE = new Output(0, 0, false, false);
    }

    /**
     * How the process tree was stopped.
     *
     * @param cause in lower case, as in {@code deadline}
     * @param proof {@code cgroup} or {@code no-children}; {@link #UNPROVEN} where there is none
     */
    public record KillReport(String cause, String proof, List<Step> steps, long durationMs) {
        /** All that was found is gone, which is no proof. */
        public static final String UNPROVEN = "what-was-found";

        public KillReport {
            steps = List.copyOf(steps);
        }

        /** One round of signals. */
        public record Step(String signal, Instant at, int signalled, int survivors) {}
    }
}
