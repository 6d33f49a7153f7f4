package dev.hufu.server.store.sql;

import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.store.AuditEntry;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.NewRun;
import dev.hufu.server.store.RunFilter;
import dev.hufu.server.store.RunPage;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.TaskRecord;
import dev.hufu.support.Timers;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The record of runs in a database: one platform thread writes in group commits, others read; callers wait for them. Of the
 * database itself a driver knows. Ends with {@link #close}, which finishes what was begun.
 */
public abstract class SqlRunStore implements RunStore {
    private static final String OLDEST_PENDING = """
            SELECT created_at FROM tasks WHERE node = ? AND state = 'PENDING' AND finished_at IS NULL
            ORDER BY run_id, task_index LIMIT 1""";

    private final Timers timers;
    private final Health health;
    private final RunWriter writer;
    private final GroupCommit commits;
    private final Reads reads;
    private final RunLists lists;
    private final AtomicBoolean closed = new AtomicBoolean();

    protected SqlRunStore(
            Timers timers, Dialect dialect, Health health, RunWriter writer, GroupCommit commits, Reads reads) {
        this.timers = timers;
        this.health = health;
        this.writer = writer;
        this.commits = commits;
        this.reads = reads;
        lists = new RunLists(dialect);
    }

    @Override
    public final Inserted insert(NewRun run) {
        String spec = Rows.encode(run.run().spec());
        Instant now = timers.now();
        return commits.begin(_ -> writer.insert(run, spec, now));
    }

    @Override
    public final Optional<Inserted> known(String caller, String key, String fingerprint) {
        Instant now = timers.now();
        return reads.read(statements -> RunWriter.known(statements, caller, key, fingerprint, now));
    }

    @Override
    public final Optional<Decided> changeTask(TaskId task, TaskDecision decision) {
        return commits.write(_ -> writer.changeTask(task, decision));
    }

    @Override
    public final Optional<Decided> changeRun(RunId run, RunDecision decision) {
        return commits.write(_ -> writer.changeRun(run, decision));
    }

    @Override
    public final List<Decided> claim(String node, int limit, Instant now, TaskDecision decision) {
        return commits.begin(_ -> writer.claim(node, limit, now, decision));
    }

    @Override
    public final void record(AuditEvent event) {
        commits.<@Nullable Void>begin(_ -> {
            writer.append(event);
            return null;
        });
    }

    @Override
    public final void recordNeeded(AuditEvent event) {
        commits.<@Nullable Void>write(_ -> {
            writer.append(event);
            return null;
        });
    }

    @Override
    public final Optional<RunRecord> run(RunId id) {
        return reads.read(statements -> {
            Optional<Rows.RunRow> row = Rows.run(statements, id);
            return row.isEmpty() ? Optional.empty() : Optional.of(row.get().with(Rows.spec(statements, id)));
        });
    }

    @Override
    public final RunPage runs(RunFilter filter, @Nullable RunId before, int limit) {
        return reads.read(statements -> lists.page(statements, filter, before, limit));
    }

    @Override
    public final Optional<TaskRecord> task(TaskId id) {
        return reads.read(statements -> Rows.task(statements, id));
    }

    @Override
    public final Optional<EventPage> events(RunId run, long after, int limit) {
        return reads.read(statements -> EventLog.page(statements, run, after, limit));
    }

    @Override
    public final List<TaskRecord> tasks(RunId run, @Nullable TaskState state, int fromIndex, int limit) {
        return reads.read(statements -> Rows.tasks(statements, run, state, fromIndex, limit));
    }

    @Override
    public final List<TaskRecord> tasksOfNode(String node, List<TaskState> states, @Nullable TaskId after, int limit) {
        return reads.read(statements -> {
            List<TaskRecord> found = new ArrayList<>();
            for (TaskState state : states) {
                found.addAll(Rows.tasksOfNode(statements, node, state, after, limit));
            }
            found.sort(Comparator.comparing(TaskRecord::id));
            return List.copyOf(found.subList(0, Math.min(limit, found.size())));
        });
    }

    @Override
    public final int countOpenTasks(String node, List<TaskState> states) {
        return reads.read(statements -> {
            int count = 0;
            for (TaskState state : states) {
                count += Rows.countOpenTasks(statements, node, state);
            }
            return count;
        });
    }

    @Override
    public final List<TaskId> expired(Instant now, int limit) {
        return reads.read(statements -> Rows.expired(statements, now, limit));
    }

    @Override
    public final List<TaskId> dueRetries(Instant now, int limit) {
        return reads.read(statements -> Rows.dueRetries(statements, now, limit));
    }

    @Override
    public final Optional<Instant> nextRetry() {
        return reads.read(statements -> statements.query(Rows.NEXT_RETRY).first(row -> Query.instant(row, 1)));
    }

    @Override
    public final long pendingTasks() {
        return writer.pendingTasks();
    }

    @Override
    public final Optional<Instant> oldestPending(String node) {
        return reads.read(
                statements -> statements.query(OLDEST_PENDING).text(node).first(row -> Query.instant(row, 1)));
    }

    @Override
    public final Optional<RunId> newestRun() {
        return reads.read(statements -> statements
                .query("SELECT id FROM runs ORDER BY id DESC LIMIT 1")
                .first(row -> new RunId(row.getString(1))));
    }

    @Override
    public final List<AuditEntry> auditEntries(long fromSequence, int limit) {
        return reads.read(statements -> AuditLog.entries(statements, fromSequence, limit));
    }

    @Override
    public final Optional<AuditEntry> newestAuditEntry() {
        return reads.read(AuditLog::newest);
    }

    @Override
    public final void check() {
        boolean probe = commits.lastFailed();
        commits.<@Nullable Void>begin(_ -> {
            if (probe) {
                writer.probe();
            }
            return null;
        });
        health.throwIfBroken();
    }

    /** Does something on the writer's connection, in place of what only a disk can do. */
    public final void writeForTest(Work.Body<@Nullable Void> body) {
        commits.write(body);
    }

    @Override
    public final void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        closing();
        reads.close();
        commits.close();
        ended();
    }

    /** Called once, before what was begun is finished. */
    protected void closing() {}

    /** Called once, after everything has ended. */
    protected void ended() {}
}
