package dev.hufu.server.store.sqlite;

import dev.hufu.server.store.sql.Dialect;
import dev.hufu.server.store.sql.Health;
import dev.hufu.support.Threads;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for damage after an unclean stop, on a platform thread and a connection of its own. Opening waits for it only so
 * long; what it finds later breaks the store. Ends by itself or at {@link #stop}.
 */
final class IntegrityCheck {
    private static final Logger LOG = LoggerFactory.getLogger(IntegrityCheck.class);

    private final Connection connection;
    private final Statement statement;
    private final Health health;
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile boolean stopped;
    private boolean background;
    private @Nullable String damage;

    IntegrityCheck(Database database, Health health) throws SQLException {
        this.health = health;
        connection = database.source().getConnection();
        statement = connection.createStatement();
    }

    /** Begins, and waits for at most this long; answers the damage found so far. */
    @Nullable
    String start(Duration limit) {
        Threads.platform("hufu-store-check", this::check).start();
        try {
            if (!done.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                LOG.info("The store is still being checked, in the background");
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            background = true;
            return damage;
        }
    }

    void stop() {
        stopped = true;
        try {
            statement.cancel();
        } catch (SQLException ended) {
            LOG.debug("The check had ended", ended);
        }
    }

    private void check() {
        try (connection;
                statement;
                ResultSet rows = statement.executeQuery("PRAGMA quick_check(1)")) {
            String found = rows.next() ? rows.getString(1) : "no answer";
            if (!found.equals("ok")) {
                report(new SQLException(found));
            }
        } catch (SQLException failed) {
            if (!stopped && health.meaning(failed) == Dialect.Meaning.BROKEN) {
                report(failed);
            } else if (!stopped) {
                LOG.warn("The store could not be checked", failed);
            }
        } finally {
            done.countDown();
        }
    }

    /** To whoever opens the store, while they wait for it. */
    private synchronized void report(SQLException found) {
        damage = String.valueOf(found.getMessage());
        if (background) {
            health.breakWith(found);
        }
    }
}
