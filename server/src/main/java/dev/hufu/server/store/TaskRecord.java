package dev.hufu.server.store;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A task as stored, with its attempts in order.
 *
 * @param expiresAt not to be started after this
 */
public record TaskRecord(
        TaskId id, String node, Instant createdAt, Instant expiresAt, Progress progress, List<AttemptRecord> attempts) {
    public TaskRecord {
        attempts = List.copyOf(attempts);
    }

    /**
     * What changes of a task.
     *
     * @param attempt the number of the current or the next attempt, from 1
     * @param message for people; null where the state says it all
     * @param nextAttemptAt when the wait for the next attempt is over; null but in {@link TaskState#RETRYING}
     */
    public record Progress(
            TaskState state,
            int attempt,
            @Nullable Reason reason,
            @Nullable String message,
            @Nullable Instant dispatchedAt,
            @Nullable Instant startedAt,
            @Nullable Instant finishedAt,
            @Nullable Instant nextAttemptAt) {
        /** One that waits for no next attempt. */
        public Progress(
                TaskState state,
                int attempt,
                @Nullable Reason reason,
                @Nullable String message,
                @Nullable Instant dispatchedAt,
                @Nullable Instant startedAt,
                @Nullable Instant finishedAt) {
            this(state, attempt, reason, message, dispatchedAt, startedAt, finishedAt, null);
        }

        public static Progress pending() {
            return new Progress(TaskState.PENDING, 1, null, null, null, null, null);
        }
    }

    public TaskState state() {
        return progress.state();
    }

    /** The attempt it is at, or will be at next. */
    public AttemptId currentAttempt() {
        return new AttemptId(id, progress.attempt());
    }

    /** Whether this attempt is over, as far as the record goes. */
    public boolean isOver(int attempt) {
        return state().terminal()
                || attempt < progress.attempt()
                || (attempt == progress.attempt() && state() == TaskState.RETRYING);
    }

    /** The record of the last attempt there is; null before the first was dispatched. */
    public @Nullable AttemptRecord lastAttemptRecord() {
        return attempts.isEmpty() ? null : attempts.getLast();
    }

    /** The record of the current attempt; null before it was dispatched. */
    public @Nullable AttemptRecord currentAttemptRecord() {
        return attempts.isEmpty() || attempts.getLast().number() != progress.attempt() ? null : attempts.getLast();
    }
}
