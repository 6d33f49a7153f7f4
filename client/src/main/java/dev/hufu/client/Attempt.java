package dev.hufu.client;

import dev.hufu.protocol.TaskState;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One try of a task, as the server told it.
 *
 * @param number counts from 1
 * @param killReport null where nothing had to be stopped
 */
public record Attempt(
        int number,
        String node,
        TaskState state,
        @Nullable String reason,
        @Nullable Instant startedAt,
        @Nullable Instant finishedAt,
        @Nullable Integer exitCode,
        @Nullable String signal,
        Task.@Nullable Usage usage,
        @Nullable KillReport killReport) {

    /**
     * How the process tree was stopped.
     *
     * @param proof what showed that nothing was left: {@code cgroup} or {@code no-children}; null where
     *     there is no proof beyond what was found
     */
    public record KillReport(String cause, @Nullable String proof, List<Step> steps, long durationMs) {
        public KillReport {
            steps = List.copyOf(steps);
        }

        /** One round of signals. */
        public record Step(String signal, Instant at, int signalled, int survivors) {}
    }
}
