package dev.hufu.server.store;

import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.TaskState;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An attempt as stored.
 *
 * @param state that of its task while, and when, it was the current one
 * @param outcome what the agent reported of its end; null before that
 */
public record AttemptRecord(
        int number,
        String node,
        TaskState state,
        @Nullable Reason reason,
        @Nullable Instant startedAt,
        @Nullable Instant finishedAt,
        @Nullable Outcome outcome) {}
