package dev.hufu.server.store.postgres;

import dev.hufu.server.store.sql.AuditLog;
import dev.hufu.server.store.sql.RunWriter;
import dev.hufu.server.store.sql.Statements;
import dev.hufu.server.store.sql.Transactions;
import dev.hufu.support.Timers;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Transactions that each begin by locking the one row of {@code store_state}, which gives all of them one order: the row has
 * what the writer remembers, and the name of the last batch, by which is found out what became of a COMMIT without an answer.
 * Connects anew where that is needed. Used by the writer's thread alone.
 */
final class PostgresTransactions implements Transactions {
    private static final Logger LOG = LoggerFactory.getLogger(PostgresTransactions.class);
    private static final Duration PAUSE = Duration.ofMillis(100);
    private static final String STATE =
            "SELECT audit_sequence, audit_hash, pending, batch FROM store_state WHERE id = 1 FOR UPDATE";
    private static final String END =
            "UPDATE store_state SET audit_sequence = ?, audit_hash = ?, pending = ?, batch = ? WHERE id = 1";

    private final Connections connections;
    private final Timers timers;
    private final Duration patience;
    private final Statements statements;
    private final RunWriter writer;
    private Session session;
    private boolean lost;
    private @Nullable SQLException refused;
    private long refusedAt;

    /** What the row says. */
    private record State(AuditLog.Tail tail, long pending, String batch) {}

    private PostgresTransactions(
            Connections connections, Timers timers, Session session, Statements statements, State state) {
        this.connections = connections;
        this.timers = timers;
        this.patience = connections.settings().patience();
        this.session = session;
        this.statements = statements;
        writer = new RunWriter(statements, state.tail(), state.pending());
    }

    /** @throws SQLException where the state cannot be read; the session is its caller's to close then */
    static PostgresTransactions on(Connections connections, Session session, Timers timers) throws SQLException {
        Statements statements = new Statements(session.connection(), PostgresDialect.INSTANCE);
        State state = lock(statements);
        session.connection().rollback();
        return new PostgresTransactions(connections, timers, session, statements, state);
    }

    Statements statements() {
        return statements;
    }

    RunWriter writer() {
        return writer;
    }

    @Override
    public void begin() throws SQLException {
        boolean fresh = lost;
        if (lost) {
            throwIfRefusedJustNow();
            reconnect();
        }
        State state;
        try {
            state = lock(statements);
        } catch (SQLException failed) {
            if (fresh || !PostgresDialect.disconnected(failed)) {
                throw failed;
            }
            // Nothing was begun: the connection broke while nobody used it.
            reconnect();
            state = lock(statements);
        }
        statements.takeWrote();
        writer.remember(state.tail(), state.pending());
    }

    @Override
    public void commit() throws SQLException {
        if (!statements.takeWrote()) {
            session.connection().rollback();
            return;
        }
        String batch = UUID.randomUUID().toString();
        statements
                .query(END)
                .number(writer.tail().sequence())
                .text(writer.tail().hash())
                .number(writer.pending())
                .text(batch)
                .update();
        try {
            session.connection().commit();
        } catch (SQLException failed) {
            if (!PostgresDialect.disconnected(failed) || !cameThrough(batch, failed)) {
                throw failed;
            }
        }
    }

    /** Finds out whether a batch was committed; where that takes too long, the answer is no, and a later one is seen anew. */
    private boolean cameThrough(String batch, SQLException failure) {
        LOG.warn("The connection to the store broke at a COMMIT; what became of it is found out", failure);
        long begun = timers.nanoTime();
        int tries = (int) (patience.toMillis() / PAUSE.toMillis());
        for (int i = 0; i < tries && timers.nanoTime() - begun < patience.toNanos(); i++) {
            try {
                reconnect();
                State state = lock(statements);
                session.connection().rollback();
                boolean came = state.batch().equals(batch);
                LOG.info("The COMMIT {}", came ? "came through" : "did not come through");
                return came;
            } catch (SQLException notYet) {
                lost = true;
                failure.addSuppressed(notYet);
            }
            try {
                timers.sleep(PAUSE);
            } catch (InterruptedException nobodyDoes) {
                throw new IllegalStateException("store threads are not interrupted", nobodyDoes);
            }
        }
        LOG.error("What became of the COMMIT could not be found out; those who wait for it are told so");
        return false;
    }

    private static State lock(Statements statements) throws SQLException {
        Optional<State> state = statements
                .query(STATE)
                .first(row -> new State(
                        new AuditLog.Tail(row.getLong(1), row.getString(2)), row.getLong(3), row.getString(4)));
        return state.orElseThrow(() -> new SQLException("store_state has no row", "XX001"));
    }

    private void throwIfRefusedJustNow() throws SQLException {
        if (refused != null && timers.nanoTime() - refusedAt < PAUSE.toNanos()) {
            throw refused;
        }
    }

    private void reconnect() throws SQLException {
        lost = true;
        session.close();
        try {
            session = Session.open(connections, session);
        } catch (SQLException failed) {
            refused = failed;
            refusedAt = timers.nanoTime();
            throw failed;
        }
        statements.use(session.connection());
        lost = false;
        refused = null;
        LOG.info("The store's writer is connected again");
    }

    @Override
    public void rollBack() throws SQLException {
        try {
            session.connection().rollback();
            lost = lost || session.connection().isClosed();
        } catch (SQLException failed) {
            lost = true;
            throw failed;
        }
    }

    @Override
    public void close() throws SQLException {
        statements.close();
        session.close();
    }
}
