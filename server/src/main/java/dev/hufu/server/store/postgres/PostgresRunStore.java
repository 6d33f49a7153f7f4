package dev.hufu.server.store.postgres;

import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.server.store.sql.Dialect;
import dev.hufu.server.store.sql.GroupCommit;
import dev.hufu.server.store.sql.Health;
import dev.hufu.server.store.sql.SqlRunStore;
import dev.hufu.support.Timers;
import java.sql.SQLException;

/**
 * The record of runs in a PostgreSQL database, of which one server at a time has the lock. One platform thread writes in group
 * commits; callers read themselves, from a pool. Open from {@link #open} to {@link #close}, which finishes what was begun.
 */
public final class PostgresRunStore extends SqlRunStore {
    private PostgresRunStore(
            Timers timers, Health health, PostgresTransactions transactions, GroupCommit commits, PostgresReads reads) {
        super(timers, PostgresDialect.INSTANCE, health, transactions.writer(), commits, reads);
    }

    /**
     * Opens the store, made or brought to this version's schema where that is needed.
     *
     * @param onBroken run once, on its own thread, when the database said that it is damaged
     * @throws IllegalStateException with a message for people, where the store is of a newer version, another server has it, or
     *     the database is not fit for it
     * @throws StoreUnavailableException where the database cannot be reached
     */
    public static PostgresRunStore open(PostgresSettings settings, Timers timers, Runnable onBroken) {
        Connections connections = new Connections(settings);
        Session session = null;
        try {
            session = Session.open(connections, null);
            Connections.check(session.connection(), settings.name());
            PostgresMigrations.run(session.connection(), settings.name());
            PostgresTransactions transactions = PostgresTransactions.on(connections, session, timers);
            Health health = new Health(PostgresDialect.INSTANCE, onBroken);
            GroupCommit commits = new GroupCommit(
                    transactions.statements(),
                    transactions,
                    transactions.writer(),
                    health,
                    settings.listener(),
                    timers);
            PostgresReads reads = new PostgresReads(connections, health);
            commits.start();
            return new PostgresRunStore(timers, health, transactions, commits, reads);
        } catch (SQLException | RuntimeException failed) {
            if (session != null) {
                session.close();
            }
            throw refusal(settings, failed);
        }
    }

    private static RuntimeException refusal(PostgresSettings settings, Exception failed) {
        return switch (failed) {
            case RuntimeException known -> known;
            case DatabaseTakenException taken -> new IllegalStateException(taken.getMessage(), taken);
            case SQLException broken
            when PostgresDialect.INSTANCE.meaning(broken) == Dialect.Meaning.BROKEN ->
                new IllegalStateException(
                        "The database " + settings.name() + " says that it is damaged: " + broken.getMessage(), broken);
            default ->
                new StoreUnavailableException(
                        "The database " + settings.name() + " cannot be used: " + failed.getMessage(), failed);
        };
    }
}
