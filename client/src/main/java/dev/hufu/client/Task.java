package dev.hufu.client;

import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A task as the server told it.
 *
 * @param reason in the words of the API; null where there is nothing to say yet
 * @param exitCode how the main process ended, or {@code signal}; the other is null
 * @param attempt the number of the last attempt; 0 where there is none
 * @param nextAttemptAt until when it waits for its next attempt; null where it does not
 */
public record Task(
        TaskId id,
        RunId runId,
        String node,
        TaskState state,
        @Nullable String reason,
        @Nullable String message,
        @Nullable Integer exitCode,
        @Nullable String signal,
        @Nullable SpawnError spawnError,
        int attempt,
        List<Attempt> attempts,
        Instant createdAt,
        @Nullable Instant startedAt,
        @Nullable Instant finishedAt,
        @Nullable Instant nextAttemptAt,
        @Nullable Usage usage,
        @Nullable Written output) {
    public Task {
        attempts = List.copyOf(attempts);
    }

    /**
     * Why a program could not be started.
     *
     * @param errno its name, as in {@code ENOENT}
     * @param stage {@code exec}, {@code chdir} …
     */
    public record SpawnError(String errno, String stage) {}

    /** What was used, over all processes. */
    public record Usage(long wallMs, long userMs, long systemMs, long maxRssBytes) {}

    /**
     * How much was written, and whether some of it was not kept.
     *
     * @param stdout the first 64 KiB as text, where the call asked for tasks with their output; else null
     */
    public record Written(
            long stdoutBytes,
            long stderrBytes,
            boolean truncated,
            @Nullable String stdout,
            @Nullable String stderr) {}
}
