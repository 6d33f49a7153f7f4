package dev.hufu.server.store.sql;

import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.store.AttemptRecord;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.Change;
import dev.hufu.server.store.NewRun;
import dev.hufu.server.store.RunEvent;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore.Decided;
import dev.hufu.server.store.RunStore.Inserted;
import dev.hufu.server.store.RunStore.RunDecision;
import dev.hufu.server.store.RunStore.TaskDecision;
import dev.hufu.server.store.TaskRecord;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The units of work of the writer, and what it remembers between them: the audit chain's tail and the number of pending
 * tasks. Everything but {@link #pendingTasks} runs on the writer's thread, inside its transaction.
 */
public final class RunWriter implements GroupCommit.Memory {
    static final Duration KEY_LIFE = Duration.ofHours(24);

    private static final int SWEEP_EVERY = 64;
    private static final int SWEEP_LIMIT = 256;

    private static final int PROBE_SIZE = 16 << 10;

    private static final String KEY = """
            SELECT fingerprint, run_id, first_answer FROM idempotency_keys
            WHERE caller = ? AND key = ? AND created_at > ?""";
    private static final String INSERT_KEY = """
            INSERT INTO idempotency_keys (caller, key, fingerprint, run_id, first_answer, created_at)
            VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (caller, key) DO UPDATE SET fingerprint = excluded.fingerprint, run_id = excluded.run_id,
                first_answer = excluded.first_answer, created_at = excluded.created_at""";
    private static final String SWEEP_KEYS = """
            DELETE FROM idempotency_keys WHERE (caller, key) IN (
                SELECT caller, key FROM idempotency_keys WHERE created_at <= ? ORDER BY created_at LIMIT ?)""";
    private static final String INSERT_RUN = """
            INSERT INTO runs (id, created_at, created_by, retry_of, trace_id, traceparent, state, started_at, finished_at,
                cancel_requested_at, pending, dispatched, running, retrying, succeeded, failed, timed_out, cancelled,
                expired, lost, last_event)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""";
    private static final String INSERT_SPEC = "INSERT INTO run_specs (run_id, spec) VALUES (?, ?)";
    private static final String INSERT_TASK = """
            INSERT INTO tasks (run_id, task_index, node, created_at, expires_at, state, attempt, reason, message,
                dispatched_at, started_at, finished_at, next_attempt_at, priority)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""";
    private static final String INSERT_LABEL = "INSERT INTO run_labels (name, value, run_id) VALUES (?, ?, ?)";
    private static final String UPDATE_RUN = """
            UPDATE runs SET state = ?, started_at = ?, finished_at = ?, cancel_requested_at = ?, pending = ?,
                dispatched = ?, running = ?, retrying = ?, succeeded = ?, failed = ?, timed_out = ?, cancelled = ?,
                expired = ?, lost = ?, last_event = ?
            WHERE id = ?""";
    private static final String UPDATE_TASK = """
            UPDATE tasks SET state = ?, attempt = ?, reason = ?, message = ?, dispatched_at = ?, started_at = ?,
                finished_at = ?, next_attempt_at = ?
            WHERE run_id = ? AND task_index = ? AND state = ? AND attempt = ?""";
    private static final String UPSERT_ATTEMPT = """
            INSERT INTO attempts (run_id, task_index, number, node, state, reason, started_at, finished_at, outcome)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (run_id, task_index, number) DO UPDATE SET node = excluded.node, state = excluded.state,
                reason = excluded.reason, started_at = excluded.started_at, finished_at = excluded.finished_at,
                outcome = excluded.outcome""";
    private static final String PROBE =
            "INSERT INTO probe (id, content) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET content = excluded.content";
    private static final String COUNT_PENDING = "SELECT count(*) FROM tasks WHERE state = 'PENDING'";

    /** What is remembered, as it was at some moment. */
    private record Remembered(AuditLog.Tail tail, long pending) {}

    /** A run, and the sequence of the last event of its history. */
    private record Found(RunRecord run, long lastEvent) {}

    private final Statements statements;
    private final SpecCache specs = new SpecCache();
    private Remembered committed;
    private Remembered marked;
    private Remembered now;
    private int keysSinceSweep;
    private volatile long pendingTasks;

    /** Remembers what the tables say. */
    public RunWriter(Statements statements) throws SQLException {
        this(
                statements,
                AuditLog.tail(statements),
                statements.query(COUNT_PENDING).first(row -> row.getLong(1)).orElse(0L));
    }

    /** @param tail the end of the audit chain */
    public RunWriter(Statements statements, AuditLog.Tail tail, long pending) {
        this.statements = statements;
        now = new Remembered(tail, pending);
        marked = now;
        committed = now;
        pendingTasks = pending;
    }

    /**
     * What others wrote since the last commit, where others write too: at the beginning of a transaction.
     *
     * @param tail the end of the audit chain
     */
    public void remember(AuditLog.Tail tail, long pending) {
        now = new Remembered(tail, pending);
        committed = now;
        pendingTasks = pending;
    }

    /** The end of the audit chain, as of now. */
    public AuditLog.Tail tail() {
        return now.tail();
    }

    /** How many tasks are pending, as of now. */
    public long pending() {
        return now.pending();
    }

    /** As of the last commit. */
    long pendingTasks() {
        return pendingTasks;
    }

    @Override
    public void committed() {
        committed = now;
        pendingTasks = now.pending();
    }

    @Override
    public void reset() {
        now = committed;
    }

    @Override
    public void mark() {
        marked = now;
    }

    @Override
    public void resetToMark() {
        now = marked;
    }

    /** @param spec the run's specification, encoded */
    Inserted insert(NewRun run, String spec, Instant at) throws SQLException {
        NewRun.Idempotency key = run.idempotency();
        if (key != null) {
            Optional<Inserted> earlier = earlier(key, at);
            if (earlier.isPresent()) {
                return earlier.get();
            }
        }
        RunRecord record = run.run();
        insertRun(record, spec);
        for (TaskRecord task : run.tasks()) {
            insertTask(task, record.spec().priority());
        }
        statements.flush(INSERT_TASK);
        for (TaskRecord task : run.tasks()) {
            for (AttemptRecord attempt : task.attempts()) {
                upsert(task.id(), attempt);
            }
        }
        if (key != null) {
            statements
                    .query(INSERT_KEY)
                    .text(key.caller())
                    .text(key.key())
                    .text(key.fingerprint())
                    .text(record.id().value())
                    .bytes(key.firstAnswer().toArray())
                    .time(at)
                    .update();
        }
        append(run.audit());
        specs.put(record.id(), record.spec(), spec.length());
        return new Inserted.Created(record);
    }

    Optional<Decided> changeTask(TaskId id, TaskDecision decision) throws SQLException {
        Optional<TaskRecord> found = Rows.task(statements, id);
        return found.isEmpty() ? Optional.empty() : Optional.of(decide(found.get(), decision));
    }

    Optional<Decided> changeRun(RunId id, RunDecision decision) throws SQLException {
        Optional<Found> found = run(id);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        RunRecord run = found.get().run();
        List<TaskRecord> open = Rows.openTasks(statements, id);
        Optional<Change> change = decision.decide(run, open);
        return Optional.of(change.isEmpty() ? new Decided(false, run, open) : apply(found.get(), open, change.get()));
    }

    List<Decided> claim(String node, int limit, Instant at, TaskDecision decision) throws SQLException {
        List<Decided> claimed = new ArrayList<>();
        for (TaskRecord task : Rows.claimable(statements, node, at, limit)) {
            Decided decided = decide(task, decision);
            if (decided.changed()) {
                claimed.add(decided);
            }
        }
        return claimed;
    }

    void append(AuditEvent event) throws SQLException {
        now = new Remembered(AuditLog.append(statements, now.tail(), event), now.pending());
    }

    /** Writes something, to see whether that works. */
    void probe() throws SQLException {
        statements.query(PROBE).bytes(new byte[PROBE_SIZE]).update();
    }

    private Decided decide(TaskRecord task, TaskDecision decision) throws SQLException {
        Found found =
                run(task.id().run()).orElseThrow(() -> new IllegalStateException("task " + task.id() + " has no run"));
        Optional<Change> change = decision.decide(found.run(), task);
        return change.isEmpty()
                ? new Decided(false, found.run(), List.of(task))
                : apply(found, List.of(task), change.get());
    }

    private Decided apply(Found found, List<TaskRecord> seen, Change change) throws SQLException {
        RunRecord run = found.run();
        long lastEvent = found.lastEvent();
        Map<TaskId, TaskRecord> tasks = LinkedHashMap.newLinkedHashMap(seen.size());
        seen.forEach(task -> tasks.put(task.id(), task));
        for (Change.TaskUpdate update : change.tasks()) {
            TaskRecord before = tasks.get(update.task());
            if (before == null) {
                throw new IllegalStateException("a decision changes task " + update.task() + ", which it did not see");
            }
            TaskRecord after = update(before, update);
            tasks.put(update.task(), after);
            EventLog.append(statements, new RunEvent.OfTask(++lastEvent, after));
        }
        if (isEvent(run.progress(), change.run())) {
            // After those of the tasks, so that a run's end is the last that is told of it.
            EventLog.append(statements, new RunEvent.OfRun(++lastEvent, run.with(change.run())));
        }
        if (lastEvent != found.lastEvent() || !change.run().equals(run.progress())) {
            updateRun(run.id(), change.run(), lastEvent);
        }
        for (AuditEvent event : change.audit()) {
            append(event);
        }
        return new Decided(true, run.with(change.run()), List.copyOf(tasks.values()));
    }

    private static boolean isEvent(RunRecord.Progress before, RunRecord.Progress after) {
        return before.state() != after.state()
                || !Objects.equals(before.cancelRequestedAt(), after.cancelRequestedAt());
    }

    private TaskRecord update(TaskRecord before, Change.TaskUpdate update) throws SQLException {
        TaskRecord.Progress next = update.progress();
        int changed = statements
                .query(UPDATE_TASK)
                .text(next.state().name())
                .number(next.attempt())
                .text(word(next.reason()))
                .text(next.message())
                .time(next.dispatchedAt())
                .time(next.startedAt())
                .time(next.finishedAt())
                .time(next.nextAttemptAt())
                .text(before.id().run().value())
                .number(before.id().index())
                .text(before.state().name())
                .number(before.progress().attempt())
                .update();
        if (changed != 1) {
            throw new IllegalStateException("task " + before.id() + " is not " + before.state() + " at attempt "
                    + before.progress().attempt() + " any more");
        }
        countPending(before.state(), next.state());
        List<AttemptRecord> attempts = before.attempts();
        AttemptRecord attempt = update.attempt();
        if (attempt != null) {
            upsert(before.id(), attempt);
            attempts = with(attempts, attempt);
        }
        return new TaskRecord(before.id(), before.node(), before.createdAt(), before.expiresAt(), next, attempts);
    }

    private static List<AttemptRecord> with(List<AttemptRecord> attempts, AttemptRecord changed) {
        List<AttemptRecord> next = new ArrayList<>(attempts.size() + 1);
        boolean placed = false;
        for (AttemptRecord each : attempts) {
            if (!placed && each.number() >= changed.number()) {
                next.add(changed);
                placed = true;
            }
            if (each.number() != changed.number()) {
                next.add(each);
            }
        }
        if (!placed) {
            next.add(changed);
        }
        return next;
    }

    private Optional<Found> run(RunId id) throws SQLException {
        Optional<Rows.RunRow> row = Rows.run(statements, id);
        if (row.isEmpty()) {
            return Optional.empty();
        }
        RunSpec spec = specs.get(id);
        return Optional.of(new Found(
                row.get().with(spec == null ? Rows.spec(statements, id) : spec),
                row.get().lastEvent()));
    }

    private Optional<Inserted> earlier(NewRun.Idempotency key, Instant at) throws SQLException {
        if (++keysSinceSweep >= SWEEP_EVERY) {
            keysSinceSweep = 0;
            statements
                    .query(SWEEP_KEYS)
                    .time(at.minus(KEY_LIFE))
                    .number(SWEEP_LIMIT)
                    .update();
        }
        return known(statements, key.caller(), key.key(), key.fingerprint(), at);
    }

    static Optional<Inserted> known(Statements statements, String caller, String key, String fingerprint, Instant at)
            throws SQLException {
        return statements
                .query(KEY)
                .text(caller)
                .text(key)
                .time(at.minus(KEY_LIFE))
                .first(row -> row.getString(1).equals(fingerprint)
                        ? new Inserted.Replayed(new RunId(row.getString(2)), Bytes.of(row.getBytes(3)))
                        : new Inserted.KeyReused());
    }

    private void insertRun(RunRecord run, String spec) throws SQLException {
        RunRecord.Origin origin = run.origin();
        RunRecord.Progress progress = run.progress();
        RunId retryOf = origin.retryOf();
        Query insert = statements
                .query(INSERT_RUN)
                .text(run.id().value())
                .time(origin.createdAt())
                .text(origin.createdBy())
                .text(retryOf == null ? null : retryOf.value())
                .text(origin.traceId())
                .text(origin.traceparent());
        progress(insert, progress).number(EventLog.beginning(progress)).update();
        statements.query(INSERT_SPEC).text(run.id().value()).text(spec).update();
        for (Map.Entry<String, String> label : run.spec().labels().entrySet()) {
            statements
                    .query(INSERT_LABEL)
                    .text(label.getKey())
                    .text(label.getValue())
                    .text(run.id().value())
                    .append();
        }
    }

    private void updateRun(RunId id, RunRecord.Progress progress, long lastEvent) throws SQLException {
        int changed = progress(statements.query(UPDATE_RUN), progress)
                .number(lastEvent)
                .text(id.value())
                .update();
        if (changed != 1) {
            throw new IllegalStateException("run " + id + " is not there any more");
        }
    }

    private static Query progress(Query query, RunRecord.Progress progress) throws SQLException {
        query.text(progress.state().name())
                .time(progress.startedAt())
                .time(progress.finishedAt())
                .time(progress.cancelRequestedAt());
        for (TaskState state : Rows.COUNTED) {
            query.number(progress.count(state));
        }
        return query;
    }

    private void insertTask(TaskRecord task, int priority) throws SQLException {
        TaskRecord.Progress progress = task.progress();
        statements
                .query(INSERT_TASK)
                .text(task.id().run().value())
                .number(task.id().index())
                .text(task.node())
                .time(task.createdAt())
                .time(task.expiresAt())
                .text(progress.state().name())
                .number(progress.attempt())
                .text(word(progress.reason()))
                .text(progress.message())
                .time(progress.dispatchedAt())
                .time(progress.startedAt())
                .time(progress.finishedAt())
                .time(progress.nextAttemptAt())
                .number(priority)
                .append();
        countPending(null, progress.state());
    }

    private void upsert(TaskId task, AttemptRecord attempt) throws SQLException {
        Outcome outcome = attempt.outcome();
        statements
                .query(UPSERT_ATTEMPT)
                .text(task.run().value())
                .number(task.index())
                .number(attempt.number())
                .text(attempt.node())
                .text(attempt.state().name())
                .text(word(attempt.reason()))
                .time(attempt.startedAt())
                .time(attempt.finishedAt())
                .text(outcome == null ? null : Rows.encode(outcome))
                .update();
    }

    private void countPending(@Nullable TaskState from, TaskState to) {
        int change = (to == TaskState.PENDING ? 1 : 0) - (from == TaskState.PENDING ? 1 : 0);
        now = new Remembered(now.tail(), now.pending() + change);
    }

    private static @Nullable String word(@Nullable Reason reason) {
        return reason == null ? null : reason.word();
    }
}
