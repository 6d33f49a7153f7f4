package dev.hufu.server.store.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A writing connection that holds the lock of its database, or of its schema, so that no other server writes there meanwhile.
 *
 * @param process of the database that serves it
 * @param since when that began, as the database writes it; with the number it is unique
 */
record Session(Connection connection, int process, String since) {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    /** "hufu"; the second part of the key is the schema. */
    private static final String KEY = "1752524405, hashtext(current_schema())";

    private static final long FIRST_WAIT_MILLIS = 2_000;
    private static final String LOCK_TIMED_OUT = "55P03";
    private static final String SELF =
            "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()";
    private static final String END =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ? AND backend_start::text = ?";
    private static final String HOLDER = """
            SELECT coalesce(host(a.client_addr), 'the same machine') || ', process ' || a.pid || ' of the database'
            FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 1752524405
                AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())""";

    /**
     * Opens one.
     *
     * @param before the one in whose place it comes: where it still lives it is ended, with its transaction
     * @throws DatabaseTakenException where another server has the database
     */
    static Session open(Connections connections, @Nullable Session before) throws SQLException {
        Connection connection = connections.open();
        try {
            connection.setAutoCommit(false);
            if (before != null) {
                end(connection, before);
            }
            lock(connections, connection, before == null);
            try (PreparedStatement self = connection.prepareStatement(SELF);
                    ResultSet rows = self.executeQuery()) {
                rows.next();
                Session session = new Session(connection, rows.getInt(1), rows.getString(2));
                connection.commit();
                return session;
            }
        } catch (SQLException | RuntimeException failed) {
            close(connection);
            throw failed;
        }
    }

    private static void end(Connection connection, Session before) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(END)) {
            statement.setInt(1, before.process());
            statement.setString(2, before.since());
            statement.execute();
        }
        connection.commit();
    }

    private static void lock(Connections connections, Connection connection, boolean first) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            if (first) {
                // A server that was killed is gone at once; for one that lives a start does not wait long.
                long millis = Math.min(
                        FIRST_WAIT_MILLIS, connections.settings().patience().toMillis() / 2);
                statement.execute("SET LOCAL lock_timeout = " + millis);
            }
            Connections.ask(connection, "SELECT pg_advisory_lock(" + KEY + ")::text");
            connection.commit();
        } catch (SQLException failed) {
            if (!LOCK_TIMED_OUT.equals(failed.getSQLState())) {
                throw failed;
            }
            connection.rollback();
            throw new DatabaseTakenException(
                    "Another Hufu server (" + holder(connection) + ") uses the database "
                            + connections.settings().name()
                            + ". Only one may: stop it, or give this one a database, or with ?schema= a schema, of its own.",
                    failed);
        }
    }

    private static String holder(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(HOLDER);
                ResultSet rows = statement.executeQuery()) {
            return rows.next() ? rows.getString(1) : "which has gone just now";
        }
    }

    void close() {
        close(connection);
    }

    private static void close(Connection connection) {
        try {
            connection.close();
        } catch (SQLException failed) {
            LOG.debug("A connection of the store did not close cleanly", failed);
        }
    }
}
