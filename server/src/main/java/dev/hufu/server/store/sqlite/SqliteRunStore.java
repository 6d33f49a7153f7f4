package dev.hufu.server.store.sqlite;

import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.store.AuditEntry;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.CommitListener;
import dev.hufu.server.store.NewRun;
import dev.hufu.server.store.RunFilter;
import dev.hufu.server.store.RunPage;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.server.store.TaskRecord;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The record of runs in one SQLite file. One platform thread writes in group commits, a few others read; callers wait for
 * them. Open from {@link #open} to {@link #close}, which finishes what was begun.
 */
public final class SqliteRunStore implements RunStore {
    private static final int READERS = 2;
    private static final String OLDEST_PENDING = """
            SELECT created_at FROM tasks WHERE node = ? AND state = 'PENDING' AND finished_at IS NULL
            ORDER BY run_id, task_index LIMIT 1""";
    private static final Duration CHECK_LIMIT = Duration.ofSeconds(2);

    private final Timers timers;
    private final Health health;
    private final RunWriter writer;
    private final GroupCommit commits;
    private final Reserve reserve;
    private final ReadPool reads;
    private final @Nullable IntegrityCheck check;
    private final AtomicBoolean closed = new AtomicBoolean();

    private SqliteRunStore(
            Timers timers,
            Health health,
            Settings settings,
            Reserve reserve,
            Statements writing,
            List<Statements> reading,
            @Nullable IntegrityCheck check)
            throws SQLException {
        this.timers = timers;
        this.health = health;
        this.check = check;
        this.reserve = reserve;
        writer = new RunWriter(writing);
        commits = new GroupCommit(writing, writer, health, reserve, settings.listener(), timers);
        reads = new ReadPool(reading, health);
    }

    /**
     * How a store is kept.
     *
     * @param reserve bytes kept free for what must be written on a full volume; 0 for none
     * @param listener hears of commits
     */
    public record Settings(long reserve, CommitListener listener) {
        public static final Settings PLAIN = new Settings(0, CommitListener.NONE);
    }

    /** As {@link #open(Path, Timers, Runnable, Settings)}, without a reserve. */
    public static SqliteRunStore open(Path file, Timers timers, Runnable onBroken) {
        return open(file, timers, onBroken, Settings.PLAIN);
    }

    /**
     * Opens the store, made or brought to this version's schema where that is needed.
     *
     * @param onBroken run once, on its own thread, when the disk failed and nothing may be written any more
     * @throws IllegalStateException with a message for people, where the store is damaged or of a newer version
     * @throws StoreUnavailableException where the file cannot be opened
     */
    public static SqliteRunStore open(Path file, Timers timers, Runnable onBroken, Settings settings) {
        Database database = new Database(file);
        List<Statements> opened = new ArrayList<>();
        try {
            database.create();
            return opened(database, new Health(onBroken), timers, settings, opened);
        } catch (SQLException | IOException | RuntimeException failed) {
            opened.forEach(connection -> closeAfter(failed, connection));
            throw refusal(database, failed);
        }
    }

    private static SqliteRunStore opened(
            Database database, Health health, Timers timers, Settings settings, List<Statements> opened)
            throws SQLException, IOException {
        IntegrityCheck check = null;
        if (database.uncleanStop()) {
            check = new IntegrityCheck(database, health);
            String damage = check.start(CHECK_LIMIT);
            if (damage != null) {
                throw damaged(database, new SQLException(damage));
            }
        }
        Migrations.run(database);
        for (int i = 0; i < READERS; i++) {
            opened.add(database.reading());
        }
        List<Statements> reading = List.copyOf(opened);
        Statements writing = database.writing();
        opened.add(writing);
        Reserve reserve = new Reserve(database.file(), settings.reserve(), timers);
        reserve.open();
        SqliteRunStore store = new SqliteRunStore(timers, health, settings, reserve, writing, reading, check);
        store.commits.start();
        store.reads.start();
        return store;
    }

    private static void closeAfter(Exception failed, Statements connection) {
        try {
            connection.close();
        } catch (SQLException alsoFailed) {
            failed.addSuppressed(alsoFailed);
        }
    }

    private static RuntimeException refusal(Database database, Exception failed) {
        return switch (failed) {
            case RuntimeException known -> known;
            case SQLException broken when Health.meaning(broken) == Health.Meaning.BROKEN -> damaged(database, broken);
            default -> new StoreUnavailableException("The store " + database.file() + " cannot be opened.", failed);
        };
    }

    private static IllegalStateException damaged(Database database, SQLException failed) {
        return new IllegalStateException(
                "The store " + database.file() + " is damaged (" + failed.getMessage()
                        + "). Restore a backup, or move the file and its -wal and -shm neighbours away to begin anew.",
                failed);
    }

    @Override
    public Inserted insert(NewRun run) {
        String spec = Rows.encode(run.run().spec());
        Instant now = timers.now();
        return commits.begin(_ -> writer.insert(run, spec, now));
    }

    @Override
    public Optional<Inserted> known(String caller, String key, String fingerprint) {
        Instant now = timers.now();
        return reads.read(statements -> RunWriter.known(statements, caller, key, fingerprint, now));
    }

    @Override
    public Optional<Decided> changeTask(TaskId task, TaskDecision decision) {
        return commits.write(_ -> writer.changeTask(task, decision));
    }

    @Override
    public Optional<Decided> changeRun(RunId run, RunDecision decision) {
        return commits.write(_ -> writer.changeRun(run, decision));
    }

    @Override
    public List<Decided> claim(String node, int limit, Instant now, TaskDecision decision) {
        return commits.begin(_ -> writer.claim(node, limit, now, decision));
    }

    @Override
    public void record(AuditEvent event) {
        commits.<@Nullable Void>begin(_ -> {
            writer.append(event);
            return null;
        });
    }

    @Override
    public Optional<RunRecord> run(RunId id) {
        return reads.read(statements -> {
            Optional<Rows.RunRow> row = Rows.run(statements, id);
            return row.isEmpty() ? Optional.empty() : Optional.of(row.get().with(Rows.spec(statements, id)));
        });
    }

    @Override
    public RunPage runs(RunFilter filter, @Nullable RunId before, int limit) {
        return reads.read(statements -> RunLists.page(statements, filter, before, limit));
    }

    @Override
    public Optional<TaskRecord> task(TaskId id) {
        return reads.read(statements -> Rows.task(statements, id));
    }

    @Override
    public Optional<EventPage> events(RunId run, long after, int limit) {
        return reads.read(statements -> EventLog.page(statements, run, after, limit));
    }

    @Override
    public List<TaskRecord> tasks(RunId run, @Nullable TaskState state, int fromIndex, int limit) {
        return reads.read(statements -> Rows.tasks(statements, run, state, fromIndex, limit));
    }

    @Override
    public List<TaskRecord> tasksOfNode(String node, List<TaskState> states, @Nullable TaskId after, int limit) {
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
    public int countOpenTasks(String node, List<TaskState> states) {
        return reads.read(statements -> {
            int count = 0;
            for (TaskState state : states) {
                count += Rows.countOpenTasks(statements, node, state);
            }
            return count;
        });
    }

    @Override
    public List<TaskId> expired(Instant now, int limit) {
        return reads.read(statements -> Rows.expired(statements, now, limit));
    }

    @Override
    public long pendingTasks() {
        return writer.pendingTasks();
    }

    @Override
    public Optional<Instant> oldestPending(String node) {
        return reads.read(
                statements -> statements.query(OLDEST_PENDING).text(node).first(row -> Query.instant(row, 1)));
    }

    @Override
    public Optional<RunId> newestRun() {
        return reads.read(statements -> statements
                .query("SELECT id FROM runs ORDER BY id DESC LIMIT 1")
                .first(row -> new RunId(row.getString(1))));
    }

    @Override
    public List<AuditEntry> auditEntries(long fromSequence, int limit) {
        return reads.read(statements -> AuditLog.entries(statements, fromSequence, limit));
    }

    /** Whether the volume is full, so that nothing new is begun. */
    public boolean reserveSpent() {
        return reserve.spent();
    }

    @Override
    public void check() {
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
    void writeForTest(Work.Body<@Nullable Void> body) {
        commits.write(body);
    }

    /** Makes the file behave as on a disk with no more room than this. */
    void limitPagesForTest(long pages) {
        writeForTest(statements -> {
            statements.pragma("max_page_count = " + pages);
            return null;
        });
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        if (check != null) {
            check.stop();
        }
        reads.close();
        commits.close();
    }
}
