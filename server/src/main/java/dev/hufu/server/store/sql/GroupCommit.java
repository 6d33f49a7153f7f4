package dev.hufu.server.store.sql;

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
public final class GroupCommit {
    private static final Logger LOG = LoggerFactory.getLogger(GroupCommit.class);
    private static final int MAXIMUM_BATCH = 512;
    private static final int QUEUE = 4_096;

    /** What the writer keeps in memory, taken back together with a transaction. */
    public interface Memory {
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
    private final Transactions transactions;
    private final Memory memory;
    private final Health health;
    private final CommitListener listener;
    private final Timers timers;
    private final WorkQueue queue = new WorkQueue(QUEUE);
    private final Thread thread;
    private volatile boolean lastFailed;

    public GroupCommit(
            Statements statements,
            Transactions transactions,
            Memory memory,
            Health health,
            CommitListener listener,
            Timers timers) {
        this.statements = statements;
        this.transactions = transactions;
        this.memory = memory;
        this.health = health;
        this.listener = listener;
        this.timers = timers;
        thread = Threads.platform("hufu-store-writer", this::loop);
    }

    public void start() {
        thread.start();
    }

    /** Runs a unit of work that something begun needs; it is durable when this returns. */
    public <T extends @Nullable Object> T write(Work.Body<T> body) {
        health.throwIfBroken();
        return queue.call(new Work<>(body));
    }

    /** As {@link #write}, for what begins something; refused while there is hardly any room. */
    public <T extends @Nullable Object> T begin(Work.Body<T> body) {
        health.throwIfBroken();
        return queue.call(new Work<>(body, Work.Urgency.NEW));
    }

    /** Whether the last transaction failed for want of room or the like. */
    public boolean lastFailed() {
        return lastFailed;
    }

    public void close() {
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
                transactions.restore();
                commit(transactions.spent() ? needed(batch) : batch);
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
            transactions.close();
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
            lastFailed = transactions.spent();
            listener.committed(batch.size(), timers.nanoTime() - begun);
        } catch (SQLException failed) {
            rollBack();
            if (batch.size() > 1 && health.worthOneByOne(failed)) {
                // What is too much together may fit one by one: a cancel where a large input does not.
                batch.forEach(work -> commit(List.of(work)));
                return;
            }
            if (health.full(failed) && batch.getFirst().urgency() == Work.Urgency.NEEDED && spend()) {
                commit(batch);
                return;
            }
            lastFailed = true;
            listener.failed(batch.size());
            RuntimeException shown = health.translated(failed);
            if (health.meaning(failed) == Dialect.Meaning.REFUSED) {
                // Not a unit but the transaction itself was refused: nothing sane explains it.
                health.breakWith(failed);
            }
            failAll(batch, shown);
        }
    }

    private boolean spend() {
        try {
            return transactions.spend();
        } catch (SQLException failed) {
            if (health.meaning(failed) == Dialect.Meaning.BROKEN) {
                health.breakWith(failed);
            } else {
                LOG.warn("The store's log could not be copied", failed);
            }
            return true;
        }
    }

    /** The usual case, without savepoints. Where a unit fails nothing is committed, and the answer is false. */
    private boolean commitTogether(List<Work<?>> batch) throws SQLException {
        transactions.begin();
        try {
            for (Work<?> work : batch) {
                work.run(statements);
            }
            statements.flush();
        } catch (SQLException failed) {
            if (health.meaning(failed) != Dialect.Meaning.REFUSED) {
                throw failed;
            }
            rollBack();
            return false;
        } catch (RuntimeException | Error failed) {
            rollBack();
            return false;
        }
        transactions.commit();
        memory.committed();
        return true;
    }

    /** Runs each unit in a savepoint of its own, so that one which fails does not fail its neighbours. */
    private void commitInSavepoints(List<Work<?>> batch) throws SQLException {
        transactions.begin();
        for (Work<?> work : batch) {
            statements.run("SAVEPOINT unit");
            memory.mark();
            try {
                work.run(statements);
                statements.flush();
            } catch (SQLException failed) {
                if (health.meaning(failed) != Dialect.Meaning.REFUSED) {
                    throw failed;
                }
                takeBack(work, health.translated(failed));
            } catch (RuntimeException | Error failed) {
                takeBack(work, failed);
            }
            statements.run("RELEASE unit");
        }
        transactions.commit();
        memory.committed();
    }

    private void takeBack(Work<?> work, Throwable failure) throws SQLException {
        statements.discard();
        statements.run("ROLLBACK TO unit");
        memory.resetToMark();
        work.fail(failure);
    }

    private void rollBack() {
        memory.reset();
        statements.discard();
        try {
            transactions.rollBack();
        } catch (SQLException alreadyRolledBack) {
            // Some errors end the transaction by themselves; were it still open, the next BEGIN would fail.
            return;
        }
    }

    private static void failAll(List<Work<?>> batch, RuntimeException failure) {
        batch.forEach(work -> work.fail(failure));
    }
}
