package dev.hufu.server.store.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunState;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.Samples;
import dev.hufu.server.audit.AuditAction;
import dev.hufu.server.audit.HashChain;
import dev.hufu.server.run.RunWaits;
import dev.hufu.server.run.Tasks;
import dev.hufu.server.store.AuditEntry;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.Change;
import dev.hufu.server.store.CommitListener;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.RunStoreContract;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.server.store.sql.Rows;
import dev.hufu.server.store.sql.Work;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

final class SqliteRunStoreTest extends RunStoreContract {
    private static final String AWKWARD = "a long?name=1&b %41 #1 'quoted' ;x ñandú 虎符 ".repeat(4) + "end";

    @TempDir
    Path directory;

    @Override
    protected RunStore open(Timers clock) {
        return SqliteRunStore.open(file(), clock, () -> {});
    }

    private Path file() {
        return directory.resolve(AWKWARD).resolve("data").resolve("hufu.db");
    }

    @Test
    void theFilesLieWhereTheyWereAskedForAndAreTheOwnersOnly() throws IOException {
        insert(1);
        List<String> names = new ArrayList<>();
        try (var files = Files.list(file().getParent())) {
            for (Path each : files.toList()) {
                names.add(each.getFileName().toString());
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
                        .as("%s", each)
                        .isEqualTo("rw-------");
            }
        }
        assertThat(names).containsExactlyInAnyOrder("hufu.db", "hufu.db-wal", "hufu.db-shm");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file().getParent())))
                .isEqualTo("rwx------");
        try (var files = Files.list(directory)) {
            assertThat(files.toList()).containsExactly(directory.resolve(AWKWARD));
        }
    }

    @Test
    void f36_aTamperedRowIsFound() throws SQLException {
        for (int i = 0; i < 5; i++) {
            insert(1);
        }
        raw("UPDATE audit_entries SET actor = 'somebody else' WHERE sequence = 3");
        assertThat(HashChain.firstBroken(links(), 1, HashChain.GENESIS)).hasValue(3);
    }

    @Test
    void f35_withoutItsAuditEntryAStateDoesNotChange() throws SQLException {
        TaskId task = insert(1).task(0);
        raw("CREATE TRIGGER refuse BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'no audit'); END");
        assertThatThrownBy(() -> change(task, TaskState.DISPATCHED, timers.now(), null))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no audit");
        assertThatThrownBy(() -> insert(1)).isInstanceOf(IllegalStateException.class);
        assertThat(store().task(task).orElseThrow().state()).isEqualTo(TaskState.PENDING);
        assertThat(store().task(task).orElseThrow().attempts()).isEmpty();
        assertThat(store().newestRun()).contains(task.run());
        assertThat(store().pendingTasks()).isEqualTo(1);

        raw("DROP TRIGGER refuse");
        change(task, TaskState.DISPATCHED, timers.now(), null);
        assertChainHolds();
    }

    @Test
    void f04_aFullDiskIsUnavailableAndPassesByItself() throws SQLException {
        RunId id = insert(1);
        SqliteRunStore sqlite = (SqliteRunStore) store();
        sqlite.limitPagesForTest(currentPages());
        String large = "x".repeat(100_000);

        assertThatThrownBy(() ->
                        sqlite.insert(Samples.run(Samples.id(), timers.now(), Samples.spec("echo", large), 1, null)))
                .isInstanceOf(StoreUnavailableException.class);
        assertThat(sqlite.run(id)).isPresent();
        assertThat(sqlite.pendingTasks()).isEqualTo(1);
        assertThatThrownBy(sqlite::check).isInstanceOf(StoreUnavailableException.class);
        change(id.task(0), TaskState.DISPATCHED, timers.now(), null);

        sqlite.limitPagesForTest(1_000_000);
        sqlite.check();
        insert(1);
        assertChainHolds();
    }

    @Test
    void f04_oneThatDoesNotFitDoesNotFailItsNeighbours() throws Exception {
        insert(1);
        SqliteRunStore sqlite = (SqliteRunStore) store();
        sqlite.limitPagesForTest(currentPages() + 20);
        String large = "x".repeat(1_000_000);
        inParallel(16, i -> {
            if (i % 4 == 0) {
                assertThatThrownBy(() -> sqlite.insert(
                                Samples.run(Samples.id(), timers.now(), Samples.spec("echo", large), 1, null)))
                        .isInstanceOf(StoreUnavailableException.class);
            } else {
                insert(1);
            }
        });
        assertThat(store().pendingTasks()).isEqualTo(13);
        assertChainHolds();
    }

    @Test
    void f04_onAFullVolumeTheReserveLetsWhatHasBegunEnd() throws Exception {
        store().close();
        AtomicLong refused = new AtomicLong();
        AtomicLong committed = new AtomicLong();
        CommitListener listener = new CommitListener() {
            @Override
            public void committed(int units, long nanos) {
                committed.addAndGet(units);
            }

            @Override
            public void failed(int units) {
                refused.addAndGet(units);
            }
        };
        Path reserve = file().resolveSibling("hufu.db-reserve");
        try (SqliteRunStore sqlite =
                SqliteRunStore.open(file(), timers, () -> {}, new SqliteRunStore.Settings(1 << 20, listener))) {
            assertThat(Files.size(reserve)).isEqualTo(1 << 20);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(reserve)))
                    .isEqualTo("rw-------");
            RunId id = Samples.id();
            sqlite.insert(Samples.run(id, timers.now(), Samples.spec("true"), 1, null));
            assertThat(committed).hasPositiveValue();
            sqlite.writeForTest(once(new SQLiteException("full", SQLiteErrorCode.SQLITE_FULL)));
            assertThat(sqlite.reserveSpent()).isTrue();
            assertThat(Files.size(reserve)).isZero();
            assertThat(refused).hasValue(0);

            assertThatThrownBy(() -> sqlite.insert(Samples.run(timers.now())))
                    .isInstanceOfSatisfying(
                            StoreUnavailableException.class,
                            full -> assertThat(full.full()).isTrue());
            assertThatThrownBy(sqlite::check).isInstanceOf(StoreUnavailableException.class);
            assertThat(sqlite.run(id)).isPresent();
            assertThat(sqlite.changeTask(
                            id.task(0), (run, task) -> Optional.of(new Change(run.progress(), List.of(), List.of()))))
                    .isPresent();

            timers.advance(Duration.ofSeconds(1));
            sqlite.check();
            assertThat(sqlite.reserveSpent()).isFalse();
            assertThat(Files.size(reserve)).isEqualTo(1 << 20);
            sqlite.insert(Samples.run(timers.now()));
        }
    }

    @Test
    void f37_onAFullVolumeOrdersAreRefusedCancelsWorkAndNothingIsUnaudited() {
        store().close();
        try (SqliteRunStore sqlite = SqliteRunStore.open(
                file(), timers, () -> {}, new SqliteRunStore.Settings(1 << 20, CommitListener.NONE))) {
            Tasks tasks = new Tasks(sqlite, new RunWaits(sqlite), timers);
            RunId id = Samples.id();
            sqlite.insert(Samples.run(id, timers.now(), Samples.spec("true"), 1, null));
            sqlite.writeForTest(once(new SQLiteException("full", SQLiteErrorCode.SQLITE_FULL)));
            assertThat(sqlite.reserveSpent()).isTrue();
            long before = sqlite.newestAuditEntry().orElseThrow().sequence();

            assertThatThrownBy(() -> sqlite.insert(Samples.run(timers.now())))
                    .isInstanceOfSatisfying(
                            StoreUnavailableException.class,
                            full -> assertThat(full.full()).isTrue());
            assertThatThrownBy(() -> sqlite.record(Samples.run(timers.now()).audit()))
                    .as("a refusal that cannot be recorded is not told as one")
                    .isInstanceOf(StoreUnavailableException.class);
            assertThat(sqlite.newestAuditEntry().orElseThrow().sequence()).isEqualTo(before);

            assertThat(tasks.requestCancel(id, "admin").orElseThrow().changed()).isTrue();
            sqlite.recordNeeded(AuditEvent.of(timers.now(), "server", AuditAction.SERVER_STOPPED, "server", Map.of()));
            assertThat(sqlite.run(id).orElseThrow().progress().state()).isEqualTo(RunState.CANCELLED);
            assertThat(sqlite.auditEntries(before + 1, 10))
                    .extracting(entry -> entry.event().action())
                    .containsExactly("run.cancel-requested", "task.changed", "server.stopped");
            assertThat(sqlite.pendingTasks()).isZero();
        }
    }

    /** Fails the first time it is run. */
    private static Work.Body<@Nullable Void> once(SQLException failure) {
        AtomicBoolean failed = new AtomicBoolean();
        return _ -> {
            if (failed.compareAndSet(false, true)) {
                throw failure;
            }
            return null;
        };
    }

    @Test
    void theTaskThatWaitsLongestIsKnown() {
        assertThat(store().oldestPending("local")).isEmpty();
        Instant first = timers.now().truncatedTo(ChronoUnit.MILLIS);
        RunId id = insert(1);
        timers.advance(Duration.ofSeconds(5));
        insert(1);
        String node = store().task(id.task(0)).orElseThrow().node();
        assertThat(store().oldestPending(node).orElseThrow().truncatedTo(ChronoUnit.MILLIS))
                .isEqualTo(first);
        assertThat(store().oldestPending("another")).isEmpty();
    }

    @Test
    void f05_anErrorOfTheDiskEndsWritingForGoodAndIsToldOnce() throws Exception {
        store().close();
        CountDownLatch told = new CountDownLatch(2);
        try (SqliteRunStore sqlite = SqliteRunStore.open(file(), timers, told::countDown)) {
            RunId id = Samples.id();
            sqlite.insert(Samples.run(id, timers.now(), Samples.spec("true"), 1, null));
            assertThatThrownBy(() -> sqlite.writeForTest(_ -> {
                        throw new SQLiteException("disk I/O error", SQLiteErrorCode.SQLITE_IOERR_FSYNC);
                    }))
                    .isInstanceOf(StoreUnavailableException.class);
            assertThatThrownBy(() -> sqlite.insert(Samples.run(timers.now())))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("broken");
            assertThatThrownBy(sqlite::check).isInstanceOf(StoreUnavailableException.class);
            assertThat(sqlite.run(id)).isPresent();
        }
        assertThat(told.await(200, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(told.getCount()).isEqualTo(1);
    }

    @Test
    void f40_aNewerSchemaIsRefusedWithAMessageThatSaysWhatToDo() throws SQLException {
        store().close();
        raw("PRAGMA user_version = 99");
        assertThatThrownBy(() -> open(timers))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("newer version of Hufu")
                .hasMessageContaining("99");
        raw("PRAGMA user_version = " + Migrations.NEWEST);
        reopen();
    }

    @Test
    void f43_aDamagedFileIsRefusedWithAMessageThatSaysWhatToDo() throws IOException {
        insert(1);
        store().close();
        try (RandomAccessFile raw = new RandomAccessFile(file().toFile(), "rw")) {
            raw.seek(0);
            raw.write("this is not a database".getBytes(UTF_8));
        }
        assertThatThrownBy(() -> open(timers))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("damaged")
                .hasMessageContaining("Restore a backup");
    }

    @Test
    void f43_afterAnUncleanStopTheFileIsCheckedAndEveryCommitIsThere() throws IOException {
        RunId id = insert(1);
        Path copy = directory.resolve("copy").resolve("hufu.db");
        copyTo(copy);
        try (SqliteRunStore sqlite = SqliteRunStore.open(copy, timers, () -> {})) {
            assertThat(sqlite.run(id)).isPresent();
            assertThat(sqlite.auditEntries(1, 10)).hasSize(1);
        }
    }

    @Test
    void f43_damageFoundAfterAnUncleanStopIsRefused() throws IOException {
        for (int i = 0; i < 200; i++) {
            insert(1);
        }
        reopen();
        insert(1);
        Path copy = directory.resolve("copy").resolve("hufu.db");
        copyTo(copy);
        try (RandomAccessFile raw = new RandomAccessFile(copy.toFile(), "rw")) {
            for (long page = 20; page < raw.length() / 4096; page++) {
                raw.seek(page * 4096);
                raw.write(new byte[] {13, 0, 0, 7, 7, 7, 7, 7, 7, 7});
            }
        }
        assertThatThrownBy(() -> SqliteRunStore.open(copy, timers, () -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("damaged");
    }

    @Test
    void expiredKeysAreSweptWhileNewOnesCome() throws SQLException {
        for (int i = 0; i < 100; i++) {
            store().insert(Samples.keyed(timers.now(), "old-" + i, "f", "b"));
        }
        timers.advance(Duration.ofHours(25));
        for (int i = 0; i < 100; i++) {
            store().insert(Samples.keyed(timers.now(), "new-" + i, "f", "b"));
        }
        assertThat(number("SELECT count(*) FROM idempotency_keys")).isEqualTo(100);
    }

    @Test
    void theHotStatementsUseTheirIndexes() throws SQLException {
        assertThat(plan(Rows.CLAIMABLE)).contains("tasks_pending (node=?)").doesNotContain("TEMP B-TREE");
        assertThat(plan(Rows.AT_WORK_OF_NODE))
                .contains("tasks_at_work (node=? AND state=? AND (run_id,task_index)>(?,?))")
                .doesNotContain("TEMP B-TREE");
        assertThat(plan(Rows.COUNT_AT_WORK)).contains("COVERING INDEX tasks_at_work (node=? AND state=?)");
        assertThat(plan(Rows.COUNT_PENDING)).contains("COVERING INDEX tasks_pending (node=?)");
        assertThat(plan(Rows.EXPIRED)).contains("tasks_expiring").doesNotContain("TEMP B-TREE");
    }

    private List<HashChain.Link> links() {
        List<HashChain.Link> links = new ArrayList<>();
        for (AuditEntry entry : store().auditEntries(1, 100)) {
            AuditEvent event = entry.event();
            links.add(new HashChain.Link(
                    new HashChain.Content(
                            entry.sequence(),
                            event.at(),
                            event.actor(),
                            event.action(),
                            event.subject(),
                            event.detail()),
                    entry.previousHash(),
                    entry.hash()));
        }
        return links;
    }

    /** As the files are while the store is open: what a killed server leaves. */
    private void copyTo(Path copy) throws IOException {
        Files.createDirectories(copy.getParent());
        for (String suffix : List.of("", "-wal")) {
            Files.copy(
                    file().resolveSibling("hufu.db" + suffix),
                    copy.resolveSibling("hufu.db" + suffix),
                    StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private long currentPages() throws SQLException {
        return number("PRAGMA page_count");
    }

    private String plan(String sql) throws SQLException {
        StringBuilder plan = new StringBuilder();
        try (Connection connection = new Database(file()).source().getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("EXPLAIN QUERY PLAN " + sql)) {
            while (rows.next()) {
                plan.append(rows.getString("detail")).append('\n');
            }
        }
        return plan.toString();
    }

    private long number(String sql) throws SQLException {
        try (Connection connection = new Database(file()).source().getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private void raw(String sql) throws SQLException {
        try (Connection connection = new Database(file()).source().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
