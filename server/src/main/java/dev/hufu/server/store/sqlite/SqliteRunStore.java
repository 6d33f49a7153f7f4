package dev.hufu.server.store.sqlite;

import dev.hufu.server.store.CommitListener;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.server.store.sql.Dialect;
import dev.hufu.server.store.sql.GroupCommit;
import dev.hufu.server.store.sql.Health;
import dev.hufu.server.store.sql.RunWriter;
import dev.hufu.server.store.sql.SqlRunStore;
import dev.hufu.server.store.sql.Statements;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The record of runs in one SQLite file. One platform thread writes in group commits, a few others read; callers wait for
 * them. Open from {@link #open} to {@link #close}, which finishes what was begun.
 */
public final class SqliteRunStore extends SqlRunStore {
    private static final int READERS = 2;
    private static final Duration CHECK_LIMIT = Duration.ofSeconds(2);

    private final Reserve reserve;
    private final @Nullable IntegrityCheck check;

    private SqliteRunStore(
            Timers timers,
            Health health,
            RunWriter writer,
            GroupCommit commits,
            ReadPool reads,
            Reserve reserve,
            @Nullable IntegrityCheck check) {
        super(timers, SqliteDialect.INSTANCE, health, writer, commits, reads);
        this.reserve = reserve;
        this.check = check;
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
            return opened(database, new Health(SqliteDialect.INSTANCE, onBroken), timers, settings, opened);
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
        RunWriter writer = new RunWriter(writing);
        GroupCommit commits = new GroupCommit(
                writing, new SqliteTransactions(writing, reserve), writer, health, settings.listener(), timers);
        ReadPool reads = new ReadPool(reading, health);
        commits.start();
        reads.start();
        return new SqliteRunStore(timers, health, writer, commits, reads, reserve, check);
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
            case SQLException broken
            when SqliteDialect.INSTANCE.meaning(broken) == Dialect.Meaning.BROKEN -> damaged(database, broken);
            default -> new StoreUnavailableException("The store " + database.file() + " cannot be opened.", failed);
        };
    }

    private static IllegalStateException damaged(Database database, SQLException failed) {
        return new IllegalStateException(
                "The store " + database.file() + " is damaged (" + failed.getMessage()
                        + "). Restore a backup, or move the file and its -wal and -shm neighbours away to begin anew.",
                failed);
    }

    /** Whether the volume is full, so that nothing new is begun. */
    public boolean reserveSpent() {
        return reserve.spent();
    }

    /** Makes the file behave as on a disk with no more room than this. */
    void limitPagesForTest(long pages) {
        writeForTest(statements -> {
            statements.runOnce("PRAGMA max_page_count = " + pages);
            return null;
        });
    }

    @Override
    protected void closing() {
        if (check != null) {
            check.stop();
        }
    }
}
