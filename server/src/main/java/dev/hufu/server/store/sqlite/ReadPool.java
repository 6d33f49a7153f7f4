package dev.hufu.server.store.sqlite;

import dev.hufu.server.store.sql.Health;
import dev.hufu.server.store.sql.Reads;
import dev.hufu.server.store.sql.Statements;
import dev.hufu.server.store.sql.Work;
import dev.hufu.server.store.sql.WorkQueue;
import dev.hufu.support.Threads;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Readers: platform threads, each with a connection of its own, that read for callers on virtual threads, whose carriers
 * native calls would pin. Every read sees all that was committed before it began. Ends after {@link #close}.
 */
final class ReadPool implements Reads {
    private static final Logger LOG = LoggerFactory.getLogger(ReadPool.class);
    private static final int QUEUE = 1_024;

    private final WorkQueue queue = new WorkQueue(QUEUE);
    private final List<Thread> threads = new ArrayList<>();
    private final Health health;

    ReadPool(List<Statements> connections, Health health) {
        this.health = health;
        for (Statements each : connections) {
            threads.add(Threads.platform("hufu-store-reader-" + threads.size(), () -> loop(each)));
        }
    }

    void start() {
        threads.forEach(Thread::start);
    }

    @Override
    public <T> T read(Work.Body<T> reading) {
        return queue.call(new Work<>(statements -> {
            statements.run("BEGIN");
            try {
                T found = reading.run(statements);
                statements.run("COMMIT");
                return found;
            } catch (SQLException | RuntimeException failed) {
                endReading(statements, failed);
                throw failed;
            }
        }));
    }

    private static void endReading(Statements statements, Exception failed) {
        try {
            statements.run("ROLLBACK");
        } catch (SQLException endedAlready) {
            failed.addSuppressed(endedAlready);
        }
    }

    @Override
    public void close() {
        queue.close();
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException noted) {
                    interrupted = true;
                }
            }
        }
        queue.refuseRest();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void loop(Statements statements) {
        List<Work<?>> taken = new ArrayList<>();
        while (queue.take(taken, 1)) {
            Work<?> work = taken.getFirst();
            try {
                work.run(statements);
            } catch (SQLException failed) {
                work.fail(health.translated(failed));
            } catch (RuntimeException | Error failed) {
                work.fail(failed);
            }
            work.publish();
        }
        try {
            statements.close();
        } catch (SQLException failed) {
            LOG.warn("A reading connection did not close cleanly", failed);
        }
    }
}
