package dev.hufu.server.store.sqlite;

import dev.hufu.server.store.CommitListener;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one writer: a platform thread that runs all queued work in one transaction, again with a savepoint for each unit
 * where one fails, and lets callers see results only after the commit. Units may therefore run twice. It owns the writing
 * connection, and ends after {@link #close}.
 */
final class GroupCommit {
    private static final Logger LOG = LoggerFactory.getLogger(GroupCommit.class);
    private static final int MAXIMUM_BATCH = 512;
    private static final int QUEUE = 4_096;

    /** What the writer keeps in memory, taken back together with a transaction. */
    interface Memory {
        /** Everything so far is durable. */
        void committed();

        /** Everything since {@link #committed} is void. */
        void reset();

        /** A unit of work begins. */
        void mark();

        /** Everything since {@link #mark} is void. */
        void resetToMark();
    }

    private final Statements statements;
    private final Memory memory;
    private final Health health;
    private final Reserve reserve;
    private final CommitListener listener;
    private final Timers timers;
    private final WorkQueue queue = new WorkQueue(QUEUE);
    private final Thread thread;
    private volatile boolean lastFailed;

    GroupCommit(
            Statements statements,
            Memory memory,
            Health health,
            Reserve reserve,
            CommitListener listener,
            Timers timers) {
        this.statements = statements;
        this.memory = memory;
        this.health = health;
        this.reserve = reserve;
        this.listener = listener;
        this.timers = timers;
        thread = Threads.platform("hufu-store-writer", this::loop);
    }

    void start() {
        thread.start();
    }

    /** Runs a unit of work that something begun needs; it is durable when this returns. */
    <T extends @Nullable Object> T write(Work.Body<T> body) {
        health.throwIfBroken();
        return queue.call(new Work<>(body));
    }

    /** As {@link #write}, for what begins something; refused while there is hardly any room. */
    <T extends @Nullable Object> T begin(Work.Body<T> body) {
        health.throwIfBroken();
        return queue.call(new Work<>(body, Work.Urgency.NEW));
    }

    /** Whether the last transaction failed for want of room or the like. */
    boolean lastFailed() {
        return lastFailed;
    }

    void close() {
        queue.close();
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException noted) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void loop() {
        List<Work<?>> batch = new ArrayList<>();
        try {
            while (queue.take(batch, MAXIMUM_BATCH)) {
                reserve.restore();
                commit(reserve.spent() ? needed(batch) : batch);
                batch.forEach(Work::publish);
            }
        } catch (RuntimeException | Error unexpected) {
            health.breakWith(unexpected);
            batch.forEach(work -> {
                work.fail(new StoreUnavailableException("The store is broken.", unexpected));
                work.publish();
            });
        }
        queue.refuseRest();
        try {
            statements.close();
        } catch (SQLException failed) {
            LOG.warn("The store's writing connection did not close cleanly", failed);
        }
    }

    /** Those that are done while the reserve is spent; the others fail. */
    private List<Work<?>> needed(List<Work<?>> batch) {
        List<Work<?>> needed = new ArrayList<>();
        for (Work<?> work : batch) {
            if (work.urgency() == Work.Urgency.NEEDED) {
                needed.add(work);
            } else {
                lastFailed = true;
                work.fail(new StoreUnavailableException(
                        "The volume of the store is full.", new IllegalStateException("the reserve is spent"), true));
            }
        }
        return needed;
    }

    private void commit(List<Work<?>> batch) {
        if (batch.isEmpty()) {
            return;
        }
        if (health.broken()) {
            failAll(batch, new StoreUnavailableException("The store is broken.", new IllegalStateException("broken")));
            return;
        }
        long begun = timers.nanoTime();
        try {
            if (!commitTogether(batch)) {
                commitInSavepoints(batch);
            }
            lastFailed = reserve.spent();
            listener.committed(batch.size(), timers.nanoTime() - begun);
        } catch (SQLException failed) {
            rollBack();
            if (batch.size() > 1 && Health.meaning(failed) == Health.Meaning.UNAVAILABLE) {
                // What is too much together may fit one by one: a cancel where a large input does not.
                batch.forEach(work -> commit(List.of(work)));
                return;
            }
            if (Health.full(failed) && batch.getFirst().urgency() == Work.Urgency.NEEDED && reserve.spend()) {
                reuseLog();
                commit(batch);
                return;
            }
            lastFailed = true;
            listener.failed(batch.size());
            RuntimeException shown = health.translated(failed);
            if (Health.meaning(failed) == Health.Meaning.REFUSED) {
                // Not a unit but the transaction itself was refused: nothing sane explains it.
                health.breakWith(failed);
            }
            failAll(batch, shown);
        }
    }

    /** Copies the write-ahead log into the store while there is room, so that it begins anew in the room that it has. */
    private void reuseLog() {
        try {
            statements.pragma("wal_checkpoint(PASSIVE)");
        } catch (SQLException failed) {
            if (Health.meaning(failed) == Health.Meaning.BROKEN) {
                health.breakWith(failed);
            } else {
                LOG.warn("The store's log could not be copied", failed);
            }
        }
    }

    /** The usual case, without savepoints. Where a unit fails nothing is committed, and the answer is false. */
    private boolean commitTogether(List<Work<?>> batch) throws SQLException {
        statements.run("BEGIN IMMEDIATE");
        for (Work<?> work : batch) {
            try {
                work.run(statements);
            } catch (SQLException failed) {
                if (Health.meaning(failed) != Health.Meaning.REFUSED) {
                    throw failed;
                }
                rollBack();
                return false;
            } catch (RuntimeException | Error failed) {
                rollBack();
                return false;
            }
        }
        statements.run("COMMIT");
        memory.committed();
        return true;
    }

    /** Runs each unit in a savepoint of its own, so that one which fails does not fail its neighbours. */
    private void commitInSavepoints(List<Work<?>> batch) throws SQLException {
        statements.run("BEGIN IMMEDIATE");
        for (Work<?> work : batch) {
            statements.run("SAVEPOINT unit");
            memory.mark();
            try {
                work.run(statements);
            } catch (SQLException failed) {
                if (Health.meaning(failed) != Health.Meaning.REFUSED) {
                    throw failed;
                }
                takeBack(work, health.translated(failed));
            } catch (RuntimeException | Error failed) {
                takeBack(work, failed);
            }
            statements.run("RELEASE unit");
        }
        statements.run("COMMIT");
        memory.committed();
    }

    private void takeBack(Work<?> work, Throwable failure) throws SQLException {
        statements.run("ROLLBACK TO unit");
        memory.resetToMark();
        work.fail(failure);
    }

    private void rollBack() {
        memory.reset();
        try {
            statements.run("ROLLBACK");
        } catch (SQLException alreadyRolledBack) {
            // Some errors end the transaction by themselves; were it still open, the next BEGIN would fail.
            return;
        }
    }

    private static void failAll(List<Work<?>> batch, RuntimeException failure) {
        batch.forEach(work -> work.fail(failure));
    }
}
