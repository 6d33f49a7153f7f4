package dev.hufu.server.store.sql;

import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.RunState;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.protocol.codec.RecordCodec;
import dev.hufu.server.store.AttemptRecord;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.TaskRecord;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads runs, tasks and attempts from their rows. Stateless; the caller's transaction makes what is read fit together. */
public final class Rows {
    /** The order of the columns of counts. */
    static final List<TaskState> COUNTED = List.of(TaskState.values());

    private static final RecordCodec JSON = RecordCodec.json();

    /** Of runs, named {@code r}, as {@link #runRow} reads them. */
    static final String RUN_COLUMNS = """
            SELECT r.id, r.created_at, r.created_by, r.retry_of, r.trace_id, r.traceparent, r.state, r.started_at,
                r.finished_at, r.cancel_requested_at, r.pending, r.dispatched, r.running, r.retrying, r.succeeded,
                r.failed, r.timed_out, r.cancelled, r.expired, r.lost, r.last_event
            """;

    private static final String RUN = RUN_COLUMNS + "FROM runs AS r WHERE r.id = ?";
    private static final String SPEC = "SELECT spec FROM run_specs WHERE run_id = ?";
    private static final String TASK_COLUMNS = """
            SELECT run_id, task_index, node, created_at, expires_at, state, attempt, reason, message, dispatched_at,
                started_at, finished_at, next_attempt_at
            FROM tasks
            """;
    private static final String TASK = TASK_COLUMNS + "WHERE run_id = ? AND task_index = ?";
    private static final String TASKS =
            TASK_COLUMNS + "WHERE run_id = ? AND task_index >= ? ORDER BY task_index LIMIT ?";
    private static final String TASKS_IN_STATE =
            TASK_COLUMNS + "WHERE run_id = ? AND task_index >= ? AND state = ? ORDER BY task_index LIMIT ?";
    private static final String OPEN_TASKS =
            TASK_COLUMNS + "WHERE run_id = ? AND finished_at IS NULL ORDER BY task_index";
    public static final String CLAIMABLE = TASK_COLUMNS + """
            WHERE node = ? AND state = 'PENDING' AND expires_at > ?
            ORDER BY priority DESC, run_id, task_index LIMIT ?""";
    private static final String OF_NODE = TASK_COLUMNS + """
            WHERE node = ? AND state = ? AND (run_id, task_index) > (?, ?)
            ORDER BY run_id, task_index LIMIT ?""";
    public static final String AT_WORK_OF_NODE = TASK_COLUMNS + """
            WHERE node = ? AND state = ? AND state IN ('DISPATCHED', 'RUNNING', 'RETRYING')
                AND (run_id, task_index) > (?, ?)
            ORDER BY run_id, task_index LIMIT ?""";
    public static final String COUNT_AT_WORK = """
            SELECT count(*) FROM tasks
            WHERE node = ? AND state = ? AND state IN ('DISPATCHED', 'RUNNING', 'RETRYING')""";
    public static final String COUNT_PENDING = "SELECT count(*) FROM tasks WHERE node = ? AND state = 'PENDING'";
    public static final String EXPIRED = """
            SELECT run_id, task_index FROM tasks
            WHERE state IN ('PENDING', 'RETRYING') AND expires_at <= ? ORDER BY expires_at LIMIT ?""";
    public static final String DUE_RETRIES = """
            SELECT run_id, task_index FROM tasks
            WHERE state = 'RETRYING' AND next_attempt_at <= ? ORDER BY next_attempt_at LIMIT ?""";
    public static final String NEXT_RETRY =
            "SELECT next_attempt_at FROM tasks WHERE state = 'RETRYING' ORDER BY next_attempt_at LIMIT 1";
    private static final String ATTEMPTS = """
            SELECT number, node, state, reason, started_at, finished_at, outcome
            FROM attempts WHERE run_id = ? AND task_index = ? ORDER BY number""";

    private Rows() {}

    /** Everything of a run but its order. */
    record RunRow(RunId id, RunRecord.Origin origin, RunRecord.Progress progress, long lastEvent) {
        RunRecord with(RunSpec spec) {
            return new RunRecord(id, spec, origin, progress);
        }
    }

    static Optional<RunRow> run(Statements statements, RunId id) throws SQLException {
        return statements.query(RUN).text(id.value()).first(Rows::runRow);
    }

    static RunSpec spec(Statements statements, RunId id) throws SQLException {
        return spec(specText(statements, id));
    }

    /** A run's specification, encoded. */
    static String specText(Statements statements, RunId id) throws SQLException {
        return statements
                .query(SPEC)
                .text(id.value())
                .first(row -> row.getString(1))
                .orElseThrow(() -> new IllegalStateException("run " + id + " has no specification"));
    }

    static RunSpec spec(String text) {
        return decode(text, RunSpec.class);
    }

    static Optional<TaskRecord> task(Statements statements, TaskId id) throws SQLException {
        Optional<TaskRecord> bare =
                statements.query(TASK).text(id.run().value()).number(id.index()).first(Rows::taskRow);
        return bare.isEmpty() ? bare : Optional.of(withAttempts(statements, bare.get()));
    }

    static List<TaskRecord> tasks(Statements statements, RunId run, @Nullable TaskState state, int fromIndex, int limit)
            throws SQLException {
        Query query = state == null
                ? statements.query(TASKS).text(run.value()).number(fromIndex)
                : statements
                        .query(TASKS_IN_STATE)
                        .text(run.value())
                        .number(fromIndex)
                        .text(state.name());
        return withAttempts(statements, query.number(limit).list(Rows::taskRow));
    }

    /** Tasks without their attempts. */
    static List<TaskRecord> bareTasks(Statements statements, RunId run, int fromIndex, int limit) throws SQLException {
        return statements
                .query(TASKS)
                .text(run.value())
                .number(fromIndex)
                .number(limit)
                .list(Rows::taskRow);
    }

    static List<TaskRecord> openTasks(Statements statements, RunId run) throws SQLException {
        return withAttempts(
                statements, statements.query(OPEN_TASKS).text(run.value()).list(Rows::taskRow));
    }

    static List<TaskRecord> claimable(Statements statements, String node, Instant now, int limit) throws SQLException {
        return withAttempts(
                statements,
                statements.query(CLAIMABLE).text(node).time(now).number(limit).list(Rows::taskRow));
    }

    static List<TaskRecord> tasksOfNode(
            Statements statements, String node, TaskState state, @Nullable TaskId after, int limit)
            throws SQLException {
        return withAttempts(
                statements,
                statements
                        .query(atWork(state) ? AT_WORK_OF_NODE : OF_NODE)
                        .text(node)
                        .text(state.name())
                        .text(after == null ? "" : after.run().value())
                        .number(after == null ? -1 : after.index())
                        .number(limit)
                        .list(Rows::taskRow));
    }

    static int countOpenTasks(Statements statements, String node, TaskState state) throws SQLException {
        Query query = atWork(state)
                ? statements.query(COUNT_AT_WORK).text(node).text(state.name())
                : statements.query(COUNT_PENDING).text(node);
        return query.first(row -> row.getInt(1)).orElse(0);
    }

    /** Whether it is one of the states that have an index of their own; pending tasks are kept in the order of leases. */
    private static boolean atWork(TaskState state) {
        return !state.terminal() && state != TaskState.PENDING;
    }

    static List<TaskId> expired(Statements statements, Instant now, int limit) throws SQLException {
        return statements
                .query(EXPIRED)
                .time(now)
                .number(limit)
                .list(row -> new TaskId(new RunId(row.getString(1)), row.getInt(2)));
    }

    static List<TaskId> dueRetries(Statements statements, Instant now, int limit) throws SQLException {
        return statements
                .query(DUE_RETRIES)
                .time(now)
                .number(limit)
                .list(row -> new TaskId(new RunId(row.getString(1)), row.getInt(2)));
    }

    public static String encode(Object value) {
        return new String(JSON.encode(value), StandardCharsets.UTF_8);
    }

    static <T> T decode(String json, Class<T> type) {
        return JSON.decode(json.getBytes(StandardCharsets.UTF_8), type);
    }

    private static List<TaskRecord> withAttempts(Statements statements, List<TaskRecord> bare) throws SQLException {
        List<TaskRecord> whole = new ArrayList<>(bare.size());
        for (TaskRecord task : bare) {
            whole.add(withAttempts(statements, task));
        }
        return whole;
    }

    private static TaskRecord withAttempts(Statements statements, TaskRecord bare) throws SQLException {
        List<AttemptRecord> attempts = statements
                .query(ATTEMPTS)
                .text(bare.id().run().value())
                .number(bare.id().index())
                .list(Rows::attemptRow);
        return attempts.isEmpty()
                ? bare
                : new TaskRecord(bare.id(), bare.node(), bare.createdAt(), bare.expiresAt(), bare.progress(), attempts);
    }

    static RunRow runRow(Row row) throws SQLException {
        String retryOf = row.getString(4);
        Map<TaskState, Integer> counts = new EnumMap<>(TaskState.class);
        for (int i = 0; i < COUNTED.size(); i++) {
            counts.put(COUNTED.get(i), row.getInt(11 + i));
        }
        return new RunRow(
                new RunId(row.getString(1)),
                new RunRecord.Origin(
                        Query.instant(row, 2),
                        row.getString(3),
                        retryOf == null ? null : new RunId(retryOf),
                        row.getString(5),
                        row.getString(6)),
                new RunRecord.Progress(
                        RunState.valueOf(row.getString(7)),
                        Query.instantOrNull(row, 8),
                        Query.instantOrNull(row, 9),
                        Query.instantOrNull(row, 10),
                        counts),
                row.getLong(11 + COUNTED.size()));
    }

    private static TaskRecord taskRow(Row row) throws SQLException {
        return new TaskRecord(
                new TaskId(new RunId(row.getString(1)), row.getInt(2)),
                row.getString(3),
                Query.instant(row, 4),
                Query.instant(row, 5),
                new TaskRecord.Progress(
                        TaskState.valueOf(row.getString(6)),
                        row.getInt(7),
                        reason(row.getString(8)),
                        row.getString(9),
                        Query.instantOrNull(row, 10),
                        Query.instantOrNull(row, 11),
                        Query.instantOrNull(row, 12),
                        Query.instantOrNull(row, 13)),
                List.of());
    }

    private static AttemptRecord attemptRow(Row row) throws SQLException {
        String outcome = row.getString(7);
        return new AttemptRecord(
                row.getInt(1),
                row.getString(2),
                TaskState.valueOf(row.getString(3)),
                reason(row.getString(4)),
                Query.instantOrNull(row, 5),
                Query.instantOrNull(row, 6),
                outcome == null ? null : decode(outcome, Outcome.class));
    }

    private static @Nullable Reason reason(@Nullable String word) {
        return word == null ? null : Reason.of(word);
    }
}
