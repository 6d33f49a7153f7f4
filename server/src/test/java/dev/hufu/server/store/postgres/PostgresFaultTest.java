package dev.hufu.server.store.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.protocol.RunId;
import dev.hufu.server.Samples;
import dev.hufu.server.audit.HashChain;
import dev.hufu.server.store.AuditEntry;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.NewRun;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.server.store.postgres.FaultProxy.Fault;
import dev.hufu.support.SystemTimers;
import dev.hufu.support.Threads;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A store behind a network, and on a database, that fail. */
final class PostgresFaultTest {
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final SystemTimers timers = new SystemTimers();
    private final DatabaseServer server = DatabaseServer.newest();
    private final String schema = server.schema();
    private final FaultProxy proxy = new FaultProxy(server.port());
    private final RunStore store = open(server, schema, proxy.port());

    private RunStore open(DatabaseServer at, String in, int port) {
        return PostgresRunStore.open(at.settings(in, port, PATIENCE), timers, () -> {});
    }

    @BeforeEach
    void startTimers() {
        timers.start();
    }

    @AfterEach
    void close() {
        proxy.next(Fault.NONE);
        store.close();
        proxy.close();
        timers.stop();
    }

    private NewRun keyed(String key) {
        return Samples.keyed(timers.now(), key, "fingerprint", "body");
    }

    private RunId insert(RunStore into) {
        NewRun run = Samples.run(timers.now());
        into.insert(run);
        return run.run().id();
    }

    /** Every try but the last is answered as unavailable. */
    private RunId insertOnceItHeals(RunStore into) throws InterruptedException {
        long begun = timers.nanoTime();
        while (true) {
            try {
                return insert(into);
            } catch (StoreUnavailableException notYet) {
                if (timers.nanoTime() - begun > Duration.ofSeconds(30).toNanos()) {
                    throw notYet;
                }
                timers.sleep(Duration.ofMillis(20));
            }
        }
    }

    /** The pool of readers tries again by itself, some seconds later. */
    private void awaitReads(RunStore from) throws InterruptedException {
        long begun = timers.nanoTime();
        while (true) {
            try {
                from.newestRun();
                return;
            } catch (StoreUnavailableException notYet) {
                if (timers.nanoTime() - begun > Duration.ofSeconds(30).toNanos()) {
                    throw notYet;
                }
            }
        }
    }

    private static void assertChainHolds(RunStore store) {
        List<HashChain.Link> links = new ArrayList<>();
        for (AuditEntry entry : store.auditEntries(1, 1_000_000)) {
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
        assertThat(HashChain.firstBroken(links, 1, HashChain.GENESIS)).isEmpty();
    }

    @Test
    void f03_aCommitWhoseAnswerIsLostIsFoundOutAndAnswered() {
        insert(store);
        proxy.next(Fault.DROP_ANSWER_OF_COMMIT);
        NewRun run = keyed("key");
        assertThat(store.insert(run)).isEqualTo(new RunStore.Inserted.Created(run.run()));
        assertThat(proxy.happened()).isTrue();
        assertThat(store.run(run.run().id())).isPresent();
        assertThat(store.insert(keyed("key"))).isInstanceOf(RunStore.Inserted.Replayed.class);
        assertThat(store.auditEntries(1, 10)).hasSize(2);
        assertChainHolds(store);
    }

    @Test
    void f03_aCommitThatNeverArrivedIsUnavailableAndNothingIsThere() {
        insert(store);
        proxy.next(Fault.DROP_COMMIT);
        NewRun run = keyed("key");
        assertThatThrownBy(() -> store.insert(run)).isInstanceOf(StoreUnavailableException.class);
        assertThat(proxy.happened()).isTrue();
        assertThat(store.run(run.run().id())).isEmpty();
        assertThat(store.pendingTasks()).isEqualTo(1);
        assertThat(store.insert(keyed("key"))).isInstanceOf(RunStore.Inserted.Created.class);
        assertThat(store.auditEntries(1, 10)).hasSize(2);
        assertChainHolds(store);
    }

    @Test
    void f03_whereItCannotBeFoundOutTheKeyTellsTheTruthLater() throws InterruptedException {
        insert(store);
        proxy.next(Fault.DROP_ANSWER_OF_COMMIT_AND_REFUSE);
        NewRun run = keyed("key");
        assertThatThrownBy(() -> store.insert(run)).isInstanceOf(StoreUnavailableException.class);
        assertThatThrownBy(store::check).isInstanceOf(StoreUnavailableException.class);
        proxy.next(Fault.NONE);
        insertOnceItHeals(store);
        awaitReads(store);
        assertThat(store.insert(keyed("key")))
                .isEqualTo(new RunStore.Inserted.Replayed(
                        run.run().id(),
                        Objects.requireNonNull(run.idempotency()).firstAnswer()));
        assertThat(store.pendingTasks()).isEqualTo(3);
        assertChainHolds(store);
    }

    @Test
    void f43_aConnectionThatEndedWhileNobodyUsedItIsNotNoticed() {
        RunId id = insert(store);
        proxy.cutAll();
        insert(store);
        assertThat(store.run(id)).isPresent();
        assertChainHolds(store);
    }

    @Test
    void f43_aNetworkThatSwallowsEverythingIsUnavailableAndHeals() throws InterruptedException {
        RunId id = insert(store);
        proxy.next(Fault.STALL);
        assertThatThrownBy(() -> insert(store)).isInstanceOf(StoreUnavailableException.class);
        assertThatThrownBy(() -> store.run(id)).isInstanceOf(StoreUnavailableException.class);
        proxy.next(Fault.NONE);
        proxy.cutAll();
        insertOnceItHeals(store);
        awaitReads(store);
        assertThat(store.run(id)).isPresent();
        store.check();
        assertChainHolds(store);
    }

    @Test
    void f43_aDatabaseThatIsRestartedUnderLoadLosesNothingThatWasAcknowledged() throws Exception {
        try (DatabaseServer own = DatabaseServer.fresh()) {
            String place = own.schema();
            RunStore target = open(own, place, own.port());
            Queue<RunId> acknowledged = new ConcurrentLinkedQueue<>();
            Queue<Throwable> wrong = new ConcurrentLinkedQueue<>();
            AtomicBoolean ended = new AtomicBoolean();
            CountDownLatch under = new CountDownLatch(50);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                threads.add(Threads.virtual("load-" + i, () -> {
                    while (!ended.get()) {
                        try {
                            acknowledged.add(insert(target));
                            under.countDown();
                        } catch (StoreUnavailableException expected) {
                            Thread.onSpinWait();
                        } catch (RuntimeException | Error other) {
                            wrong.add(other);
                        }
                    }
                }));
            }
            threads.forEach(Thread::start);
            under.await();
            own.stop("immediate");
            assertThatThrownBy(() -> insert(target)).isInstanceOf(StoreUnavailableException.class);
            assertThatThrownBy(target::newestRun).isInstanceOf(StoreUnavailableException.class);
            own.start();
            insertOnceItHeals(target);
            ended.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(wrong).isEmpty();
            awaitReads(target);
            for (RunId id : acknowledged) {
                assertThat(target.run(id)).isPresent();
            }
            assertChainHolds(target);
            assertThat(own.ask("SELECT count(*) FROM " + place + ".tasks"))
                    .isEqualTo(String.valueOf(target.pendingTasks()));
            target.close();
        }
    }

    @Test
    void f43_aDatabaseThatIsReadOnlyIsUnavailableForWritesAndHeals() {
        try (DatabaseServer own = DatabaseServer.fresh()) {
            RunStore target = open(own, own.schema(), own.port());
            RunId id = insert(target);
            own.run("ALTER SYSTEM SET default_transaction_read_only = on");
            own.run("SELECT pg_reload_conf()");
            awaitReadOnly(own, "on");
            assertThatThrownBy(() -> insert(target)).isInstanceOf(StoreUnavailableException.class);
            assertThatThrownBy(target::check).isInstanceOf(StoreUnavailableException.class);
            assertThat(target.run(id)).isPresent();
            own.run("ALTER SYSTEM RESET default_transaction_read_only");
            own.run("SELECT pg_reload_conf()");
            awaitReadOnly(own, "off");
            try {
                insertOnceItHeals(target);
            } catch (InterruptedException hurried) {
                Thread.currentThread().interrupt();
            }
            target.check();
            assertChainHolds(target);
            target.close();
        }
    }

    private static void awaitReadOnly(DatabaseServer own, String value) {
        while (!own.ask("SHOW default_transaction_read_only").equals(value)) {
            Thread.onSpinWait();
        }
    }

    @Test
    void f43_aDatabaseWithoutConnectionsLeftIsUnavailableAndHeals() throws Exception {
        try (DatabaseServer own = DatabaseServer.fresh()) {
            RunStore target = open(own, own.schema(), own.port());
            RunId id = insert(target);
            List<Connection> all = new ArrayList<>();
            try {
                takeAll(own, all);
                try (var statement = all.getFirst().createStatement()) {
                    statement.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                            + " WHERE application_name = 'hufu'");
                }
                takeAll(own, all);
                assertThatThrownBy(() -> insert(target)).isInstanceOf(StoreUnavailableException.class);
                assertThatThrownBy(() -> target.run(id)).isInstanceOf(StoreUnavailableException.class);
            } finally {
                for (Connection each : all) {
                    each.close();
                }
            }
            insertOnceItHeals(target);
            awaitReads(target);
            assertThat(target.run(id)).isPresent();
            assertChainHolds(target);
            target.close();
        }
    }

    /** Takes connections until there is none, and what was ended has ended. */
    private static void takeAll(DatabaseServer own, List<Connection> all) {
        String address = "jdbc:postgresql://127.0.0.1:" + own.port() + "/postgres?sslmode=disable";
        int refusals = 0;
        while (refusals < 20) {
            try {
                all.add(DriverManager.getConnection(address, "hufu", "none"));
            } catch (SQLException full) {
                refusals++;
            }
        }
    }

    @Test
    void aSecondServerIsRefusedByName() {
        assertThatThrownBy(() -> open(server, schema, server.port()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Another Hufu server")
                .hasMessageContaining("postgresql://hufu@127.0.0.1:" + server.port() + "/postgres?schema=" + schema);
        String another = server.schema();
        open(server, another, server.port()).close();
    }

    @Test
    void f40_aNewerSchemaIsRefused() {
        String place = server.schema();
        open(server, place, server.port()).close();
        server.run("UPDATE " + place + ".store_schema SET version = 99");
        assertThatThrownBy(() -> open(server, place, server.port()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("newer version of Hufu")
                .hasMessageContaining("99");
    }

    @Test
    void f40_aMigrationThatEndsHalfwayLeavesNothingAndIsRunAgain() {
        String place = server.schema();
        // Stands in the way of the last statement.
        server.run("CREATE TABLE " + place + ".probe (x integer)");
        assertThatThrownBy(() -> open(server, place, server.port()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("could not be brought to schema");
        assertThat(server.ask("SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = '" + place + "'"))
                .isEqualTo("probe");
        server.run("DROP TABLE " + place + ".probe");
        RunStore opened = open(server, place, server.port());
        insert(opened);
        opened.close();
    }
}
