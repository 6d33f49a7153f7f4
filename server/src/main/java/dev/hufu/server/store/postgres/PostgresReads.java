package dev.hufu.server.store.postgres;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.server.store.sql.Health;
import dev.hufu.server.store.sql.Reads;
import dev.hufu.server.store.sql.Statements;
import dev.hufu.server.store.sql.Work;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A pool of connections on which callers read themselves: the driver waits without pinning. Each read is one transaction that
 * sees one moment. Ends with {@link #close}.
 */
final class PostgresReads implements Reads {
    private static final int CONNECTIONS = 8;
    private static final int IDLE = 2;
    private static final long BORROW_MILLIS = 5_000;

    private final HikariDataSource pool;
    private final Health health;

    /** Held for reading by each read, for writing by the end. */
    private final ReentrantReadWriteLock life = new ReentrantReadWriteLock();

    private boolean closed;

    PostgresReads(Connections connections, Health health) {
        this.health = health;
        HikariConfig config = new HikariConfig();
        config.setDataSource(connections.source());
        config.setPoolName("hufu-store-readers");
        config.setAutoCommit(false);
        config.setReadOnly(true);
        config.setTransactionIsolation("TRANSACTION_REPEATABLE_READ");
        config.setMaximumPoolSize(CONNECTIONS);
        config.setMinimumIdle(IDLE);
        config.setConnectionTimeout(
                Math.min(BORROW_MILLIS, connections.settings().patience().toMillis()));
        config.setInitializationFailTimeout(-1);
        pool = new HikariDataSource(config);
    }

    @Override
    public <T> T read(Work.Body<T> reading) {
        life.readLock().lock();
        try {
            if (closed) {
                throw new StoreUnavailableException("The store is closed.", new IllegalStateException("closed"));
            }
            return readOpen(reading);
        } catch (SQLException failed) {
            throw health.translated(failed);
        } finally {
            life.readLock().unlock();
        }
    }

    private <T> T readOpen(Work.Body<T> reading) throws SQLException {
        try (Connection connection = pool.getConnection()) {
            T found = reading.run(new Statements(connection, PostgresDialect.INSTANCE));
            connection.rollback();
            return found;
        }
    }

    @Override
    public void close() {
        life.writeLock().lock();
        try {
            closed = true;
        } finally {
            life.writeLock().unlock();
        }
        pool.close();
    }
}
