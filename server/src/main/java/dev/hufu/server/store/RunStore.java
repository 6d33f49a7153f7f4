package dev.hufu.server.store;

import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The record of runs. Every write returns only when it is durable, and is seen by every reader from then on. Thread-safe;
 * calls block, and are fit for virtual threads. Every call may throw {@link StoreUnavailableException}.
 */
public interface RunStore extends AutoCloseable {
    /** What became of an insert. */
    sealed interface Inserted {
        record Created(RunRecord run) implements Inserted {}

        /** The key is known, with the same fingerprint: nothing was inserted. */
        record Replayed(RunId run, Bytes firstAnswer) implements Inserted {}

        /** The key is known, with another fingerprint: nothing was inserted. */
        record KeyReused() implements Inserted {}
    }

    /** Given a run and one of its tasks as they are, says what to change; empty for nothing. Pure: it may be called again. */
    @FunctionalInterface
    interface TaskDecision {
        Optional<Change> decide(RunRecord run, TaskRecord task);
    }

    /** Given a run as it is and its tasks that are not terminal, says what to change; empty for nothing. Pure. */
    @FunctionalInterface
    interface RunDecision {
        Optional<Change> decide(RunRecord run, List<TaskRecord> open);
    }

    /** A run and tasks after a decision. {@code changed} tells whether it wrote anything. */
    record Decided(boolean changed, RunRecord run, List<TaskRecord> tasks) {
        public Decided {
            tasks = List.copyOf(tasks);
        }
    }

    /**
     * A part of a run's history.
     *
     * @param last the sequence of the newest event there is
     * @param ended whether the run has ended
     */
    record EventPage(List<RunEvent> events, long last, boolean ended) {
        public EventPage {
            events = List.copyOf(events);
        }
    }

    /** Inserts run, tasks, idempotency key and audit entry in one transaction. A key counts for 24 hours. */
    Inserted insert(NewRun run);

    /** What {@link #insert} would answer to a request with this key; empty where it would create a run. */
    Optional<Inserted> known(String caller, String key, String fingerprint);

    /** Changes one task by a decision, in one transaction. Empty where there is no such task. */
    Optional<Decided> changeTask(TaskId task, TaskDecision decision);

    /** Changes a run and its open tasks by a decision, in one transaction. Empty where there is no such run. */
    Optional<Decided> changeRun(RunId run, RunDecision decision);

    /**
     * Applies a decision to the first pending tasks of a node that have not expired at {@code now}, those of the highest
     * priority first, then in order of id, in one transaction. Answers those that it changed.
     */
    List<Decided> claim(String node, int limit, Instant now, TaskDecision decision);

    Optional<RunRecord> run(RunId id);

    /**
     * Runs, the newest id first. A run counts as created when its id was made; a clock that goes back may leave
     * {@code createdAt} behind that, and such a run can be missing from what lies before {@code until}.
     *
     * @param before only runs with smaller ids; null to begin at the newest
     * @param limit how many at most; there may be fewer, and yet more to come, where they are large
     */
    RunPage runs(RunFilter filter, @Nullable RunId before, int limit);

    Optional<TaskRecord> task(TaskId id);

    /** What happened to a run after the event with this sequence, in order. Empty where there is no such run. */
    Optional<EventPage> events(RunId run, long after, int limit);

    /**
     * Tasks of a run in order of index.
     *
     * @param state only those in this state; null for all
     * @param fromIndex the smallest index
     */
    List<TaskRecord> tasks(RunId run, @Nullable TaskState state, int fromIndex, int limit);

    /** Tasks of a node that are in one of these states, in order of id, from the one after {@code after} on. */
    List<TaskRecord> tasksOfNode(String node, List<TaskState> states, @Nullable TaskId after, int limit);

    /** How many tasks of a node are in one of these states, none of which is terminal. */
    int countOpenTasks(String node, List<TaskState> states);

    /** Pending and retrying tasks whose time to start has passed, the oldest first. */
    List<TaskId> expired(Instant now, int limit);

    /** Retrying tasks whose next attempt is due at {@code now}, the first first. */
    List<TaskId> dueRetries(Instant now, int limit);

    /** When the first of the retrying tasks is due; empty where there is none. */
    Optional<Instant> nextRetry();

    /** How many tasks wait for a slot. */
    long pendingTasks();

    /** When the task was accepted that waits longest for a slot of this node. */
    Optional<Instant> oldestPending(String node);

    Optional<RunId> newestRun();

    /** Appends to the audit log what changes no run, such as a refusal. */
    void record(AuditEvent event);

    /** As {@link #record}, for what happens whether or not there is room: such as an end of the server. */
    void recordNeeded(AuditEvent event);

    /** The entry with the highest sequence; empty before there is one. */
    Optional<AuditEntry> newestAuditEntry();

    /** Audit entries in order, from {@code fromSequence} on. */
    List<AuditEntry> auditEntries(long fromSequence, int limit);

    /** Throws where the store could not take a write now. */
    void check();

    @Override
    void close();
}
