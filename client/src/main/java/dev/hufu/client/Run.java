package dev.hufu.client;

import dev.hufu.protocol.Execution;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunState;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A run as the server told it.
 *
 * @param exec null where a command of the catalogue was run
 * @param counts tasks by state, in the words of the API, and {@code total}
 * @param retryOf the run whose tasks this one runs again; null where it is none
 * @param traceId finds the run in traces and in the server's log
 * @param tasks where the call asked for them; else empty
 */
public record Run(
        RunId id,
        RunState state,
        @Nullable Execution exec,
        Instant createdAt,
        @Nullable Instant startedAt,
        @Nullable Instant finishedAt,
        @Nullable String createdBy,
        Map<String, String> labels,
        Map<String, Long> counts,
        @Nullable Instant cancelRequestedAt,
        @Nullable RunId retryOf,
        @Nullable String traceId,
        List<Task> tasks) {
    public Run {
        labels = Map.copyOf(labels);
        counts = Map.copyOf(counts);
        tasks = List.copyOf(tasks);
    }

    Run withTasks(List<Task> some) {
        return new Run(
                id,
                state,
                exec,
                createdAt,
                startedAt,
                finishedAt,
                createdBy,
                labels,
                counts,
                cancelRequestedAt,
                retryOf,
                traceId,
                some);
    }
}
