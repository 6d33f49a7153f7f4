package dev.hufu.server.run;

import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Outcome.Ending;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.RunSpec.Retry;
import dev.hufu.protocol.RunSpec.RetryOn;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.store.AttemptRecord;
import dev.hufu.server.store.TaskRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The lifecycle of a task: what state follows from which event. Pure; nothing else decides a state. An event that the
 * present state does not wait for (late, repeated, or of another attempt) changes nothing.
 */
public final class Transitions {
    private Transitions() {}

    /**
     * What follows.
     *
     * @param attempt the current attempt's new record; null where it has none yet
     */
    public record Next(
            TaskRecord.Progress progress, @Nullable AttemptRecord attempt) {}

    /**
     * What else a decision depends on.
     *
     * @param cancelRequested whether a caller asked for the run to be cancelled
     * @param retry when another attempt follows; null for never
     * @param draw of the longest wait before the next attempt, this part: from 0 up to, and without, 1
     * @param backoffFrom when such a wait begins
     */
    public record Circumstances(
            boolean cancelRequested, @Nullable Retry retry, double draw, Instant backoffFrom) {}

    /** What is to be written for this event; empty for nothing. */
    public static Optional<Next> next(TaskRecord task, Circumstances circumstances, TaskEvent event) {
        boolean cancelRequested = circumstances.cancelRequested();
        return switch (event) {
            case TaskEvent.Leased leased ->
                cancelRequested
                        ? endedUnstarted(task, TaskState.CANCELLED, Reason.CANCELLED, leased.at())
                        : leased(task, leased);
            case TaskEvent.NotAccepted refused -> notAccepted(task, cancelRequested, refused);
            case TaskEvent.Started started -> started(task, started);
            case TaskEvent.KillPending pending -> killPending(task, pending);
            case TaskEvent.Ended ended -> ended(task, circumstances, ended);
            case TaskEvent.OutcomeUnknown unknown -> outcomeUnknown(task, circumstances, unknown);
            case TaskEvent.BackoffOver over -> backoffOver(task, cancelRequested, over);
            case TaskEvent.CancelRequested request ->
                endedUnstarted(task, TaskState.CANCELLED, Reason.CANCELLED, request.at());
            case TaskEvent.ExpiryPassed passed -> endedUnstarted(task, TaskState.EXPIRED, Reason.EXPIRED, passed.at());
        };
    }

    private static Optional<Next> leased(TaskRecord task, TaskEvent.Leased event) {
        if (task.state() != TaskState.PENDING) {
            return Optional.empty();
        }
        int number = task.progress().attempt();
        return Optional.of(new Next(
                new TaskRecord.Progress(TaskState.DISPATCHED, number, null, null, event.at(), null, null),
                new AttemptRecord(number, task.node(), TaskState.DISPATCHED, null, null, null, null)));
    }

    private static Optional<Next> notAccepted(TaskRecord task, boolean cancelRequested, TaskEvent.NotAccepted event) {
        if (!isCurrent(task, event.attempt()) || task.state() != TaskState.DISPATCHED) {
            return Optional.empty();
        }
        int number = task.progress().attempt();
        TaskState state = cancelRequested ? TaskState.CANCELLED : TaskState.PENDING;
        Reason reason = cancelRequested ? Reason.CANCELLED : null;
        Instant finishedAt = cancelRequested ? event.at() : null;
        return Optional.of(new Next(
                new TaskRecord.Progress(state, number, reason, null, null, null, finishedAt),
                new AttemptRecord(number, task.node(), state, reason, null, finishedAt, null)));
    }

    private static Optional<Next> started(TaskRecord task, TaskEvent.Started event) {
        if (!isCurrent(task, event.attempt()) || task.state() != TaskState.DISPATCHED) {
            return Optional.empty();
        }
        return Optional.of(running(task, null, event.startedAt()));
    }

    private static Optional<Next> killPending(TaskRecord task, TaskEvent.KillPending event) {
        Reason reason = event.pending() ? Reason.KILL_PENDING : null;
        if (!isCurrent(task, event.attempt())
                || task.state() != TaskState.RUNNING
                || task.progress().reason() == reason) {
            return Optional.empty();
        }
        return Optional.of(running(task, reason, task.progress().startedAt()));
    }

    private static Next running(TaskRecord task, @Nullable Reason reason, @Nullable Instant startedAt) {
        TaskRecord.Progress now = task.progress();
        return new Next(
                new TaskRecord.Progress(
                        TaskState.RUNNING, now.attempt(), reason, null, now.dispatchedAt(), startedAt, null),
                new AttemptRecord(now.attempt(), task.node(), TaskState.RUNNING, reason, startedAt, null, null));
    }

    private static Optional<Next> ended(TaskRecord task, Circumstances circumstances, TaskEvent.Ended event) {
        if (!isCurrent(task, event.attempt()) || !awaitsEnd(task.state())) {
            return Optional.empty();
        }
        Outcome outcome = event.outcome();
        Verdict verdict = contradicts(task, outcome) ? CONTRADICTION : verdict(outcome);
        if (task.state() == TaskState.LOST && !mends(outcome.ending(), verdict)) {
            return Optional.empty();
        }
        TaskRecord.Progress now = task.progress();
        Instant startedAt = outcome.startedAt() == null ? now.startedAt() : outcome.startedAt();
        return Optional.of(new Next(
                retrying(task, circumstances, verdict)
                        .orElseGet(() -> new TaskRecord.Progress(
                                verdict.state(),
                                now.attempt(),
                                verdict.reason(),
                                verdict.message(),
                                now.dispatchedAt(),
                                startedAt,
                                outcome.finishedAt())),
                new AttemptRecord(
                        now.attempt(),
                        task.node(),
                        verdict.state(),
                        verdict.reason(),
                        startedAt,
                        outcome.finishedAt(),
                        outcome)));
    }

    /** Where another attempt follows: its wait. The attempt that ended keeps what became of it. */
    private static Optional<TaskRecord.Progress> retrying(
            TaskRecord task, Circumstances circumstances, Verdict verdict) {
        Retry retry = circumstances.retry();
        int number = task.progress().attempt();
        // What was lost and is mended had ended before: its callers know.
        if (retry == null
                || circumstances.cancelRequested()
                || task.state() == TaskState.LOST
                || number >= retry.maxAttempts()
                || !kind(verdict).map(retry.on()::contains).orElse(false)) {
            return Optional.empty();
        }
        Instant due = circumstances.backoffFrom().plus(backoff(retry, number, circumstances.draw()));
        // It could not be started any more: this end says more than that it expired.
        return due.isBefore(task.expiresAt())
                ? Optional.of(new TaskRecord.Progress(
                        TaskState.RETRYING, number, verdict.reason(), verdict.message(), null, null, null, due))
                : Optional.empty();
    }

    /** Exponential, capped, with full jitter: many that failed together do not come back together. */
    private static Duration backoff(Retry retry, int number, double draw) {
        Duration longest = retry.backoff();
        for (int doubled = 1; doubled < number && longest.compareTo(retry.maxBackoff()) < 0; doubled++) {
            longest = longest.multipliedBy(2);
        }
        longest = longest.compareTo(retry.maxBackoff()) < 0 ? longest : retry.maxBackoff();
        return Duration.ofNanos((long) (longest.toNanos() * draw));
    }

    /** Which kind of end it is, for those that can be followed by another attempt. */
    private static Optional<RetryOn> kind(Verdict verdict) {
        if (verdict.state() == TaskState.LOST) {
            return Optional.of(RetryOn.LOST);
        }
        return switch (verdict.reason()) {
            case EXIT -> verdict.state() == TaskState.FAILED ? Optional.of(RetryOn.EXIT) : Optional.empty();
            case SIGNAL -> Optional.of(RetryOn.SIGNAL);
            case TIMEOUT -> Optional.of(RetryOn.TIMEOUT);
            case MEMORY_LIMIT -> Optional.of(RetryOn.MEMORY);
            case SPAWN_FAILED -> Optional.of(RetryOn.SPAWN);
            case CANCELLED,
                    OUTPUT_LIMIT,
                    PID_LIMIT,
                    EXPIRED,
                    NODE_LOST,
                    SUPERVISOR_LOST,
                    RECORD_DAMAGED,
                    SPOOL_FULL,
                    REJECTED,
                    KILL_PENDING -> Optional.empty();
        };
    }

    private static Optional<Next> backoffOver(TaskRecord task, boolean cancelRequested, TaskEvent.BackoffOver event) {
        if (!isCurrent(task, event.attempt()) || task.state() != TaskState.RETRYING) {
            return Optional.empty();
        }
        return cancelRequested
                ? endedUnstarted(task, TaskState.CANCELLED, Reason.CANCELLED, event.at())
                : Optional.of(new Next(
                        new TaskRecord.Progress(TaskState.PENDING, event.attempt() + 1, null, null, null, null, null),
                        null));
    }

    /** {@code LOST} waits for one thing still: the late, true report of the same attempt. */
    private static boolean awaitsEnd(TaskState state) {
        return switch (state) {
            case DISPATCHED, RUNNING, LOST -> true;
            case PENDING, RETRYING, SUCCEEDED, FAILED, TIMED_OUT, CANCELLED, EXPIRED -> false;
        };
    }

    /** Only what says how it ended mends; that it is unknown still is nothing new. */
    private static boolean mends(Ending ending, Verdict verdict) {
        return switch (ending) {
            case Ending.Exited _, Ending.Signaled _, Ending.SpawnFailed _, Ending.NeverStarted _ ->
                verdict.state() != TaskState.LOST;
            case Ending.Expired _, Ending.Rejected _, Ending.Unknown _ -> false;
        };
    }

    /** A process that started cannot have failed to start, and one that ended has started: such a record proves nothing. */
    private static boolean contradicts(TaskRecord task, Outcome outcome) {
        boolean started = task.progress().startedAt() != null || outcome.startedAt() != null;
        return switch (outcome.ending()) {
            case Ending.Exited _, Ending.Signaled _ -> !started;
            case Ending.SpawnFailed _, Ending.NeverStarted _, Ending.Expired _, Ending.Rejected _ -> started;
            case Ending.Unknown _ -> false;
        };
    }

    private record Verdict(
            TaskState state, Reason reason, @Nullable String message) {}

    private static final Verdict CONTRADICTION = new Verdict(
            TaskState.LOST,
            Reason.RECORD_DAMAGED,
            "The agent's report of the end contradicts what is known of the start.");

    private static Verdict verdict(Outcome outcome) {
        return switch (outcome.ending()) {
            case Ending.Unknown unknown -> new Verdict(TaskState.LOST, unknown.reason(), unknown.message());
            case Ending.NeverStarted _ -> new Verdict(TaskState.CANCELLED, Reason.CANCELLED, null);
            case Ending.Expired _ -> new Verdict(TaskState.EXPIRED, Reason.EXPIRED, null);
            case Ending.Rejected rejected -> new Verdict(TaskState.FAILED, Reason.REJECTED, rejected.message());
            case Ending.SpawnFailed failed -> new Verdict(TaskState.FAILED, Reason.SPAWN_FAILED, failed.message());
            case Ending.Exited exited ->
                stopped(outcome)
                        .orElseGet(() -> new Verdict(
                                exited.code() == 0 ? TaskState.SUCCEEDED : TaskState.FAILED, Reason.EXIT, null));
            case Ending.Signaled _ ->
                stopped(outcome).orElseGet(() -> new Verdict(TaskState.FAILED, Reason.SIGNAL, null));
        };
    }

    /** Whoever stopped the process decides, however it then ended: a signalled run is cancelled even if it exits 0. */
    private static Optional<Verdict> stopped(Outcome outcome) {
        return switch (outcome.stopCause()) {
            case NONE -> Optional.empty();
            case DEADLINE -> Optional.of(new Verdict(TaskState.TIMED_OUT, Reason.TIMEOUT, null));
            case REQUESTED -> Optional.of(new Verdict(TaskState.CANCELLED, Reason.CANCELLED, null));
            case OUTPUT -> Optional.of(new Verdict(TaskState.FAILED, Reason.OUTPUT_LIMIT, null));
            case MEMORY -> Optional.of(new Verdict(TaskState.FAILED, Reason.MEMORY_LIMIT, null));
            case PIDS -> Optional.of(new Verdict(TaskState.FAILED, Reason.PID_LIMIT, null));
            case SUPERVISOR_LOST -> Optional.of(new Verdict(TaskState.LOST, Reason.SUPERVISOR_LOST, null));
        };
    }

    private static Optional<Next> outcomeUnknown(
            TaskRecord task, Circumstances circumstances, TaskEvent.OutcomeUnknown event) {
        if (!isCurrent(task, event.attempt())
                || (task.state() != TaskState.DISPATCHED && task.state() != TaskState.RUNNING)) {
            return Optional.empty();
        }
        TaskRecord.Progress now = task.progress();
        return Optional.of(new Next(
                retrying(task, circumstances, new Verdict(TaskState.LOST, event.reason(), null))
                        .orElseGet(() -> new TaskRecord.Progress(
                                TaskState.LOST,
                                now.attempt(),
                                event.reason(),
                                null,
                                now.dispatchedAt(),
                                now.startedAt(),
                                event.at())),
                new AttemptRecord(
                        now.attempt(),
                        task.node(),
                        TaskState.LOST,
                        event.reason(),
                        now.startedAt(),
                        event.at(),
                        null)));
    }

    /** Ends what no agent has: what was dispatched is for the agent to say. */
    private static Optional<Next> endedUnstarted(TaskRecord task, TaskState state, Reason reason, Instant at) {
        if (task.state() != TaskState.PENDING && task.state() != TaskState.RETRYING) {
            return Optional.empty();
        }
        TaskRecord.Progress now = task.progress();
        // Of one that waits for its next attempt, the last has ended, and keeps its end.
        AttemptRecord last = task.state() == TaskState.RETRYING ? null : task.currentAttemptRecord();
        return Optional.of(new Next(
                new TaskRecord.Progress(state, now.attempt(), reason, null, now.dispatchedAt(), null, at),
                last == null
                        ? null
                        : new AttemptRecord(last.number(), last.node(), state, reason, null, at, last.outcome())));
    }

    private static boolean isCurrent(TaskRecord task, int attempt) {
        return task.progress().attempt() == attempt;
    }
}
