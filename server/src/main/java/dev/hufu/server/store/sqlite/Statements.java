package dev.hufu.server.store.sqlite;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;

/** A connection with its prepared statements, each prepared once. Used by one thread, which closes it. */
final class Statements implements AutoCloseable {
    private final Connection connection;
    private final Map<String, PreparedStatement> prepared = new HashMap<>();

    Statements(Connection connection) {
        this.connection = connection;
    }

    /** The statement with this text. Texts are constants: they stay prepared. */
    Query query(String sql) throws SQLException {
        PreparedStatement statement = prepared.get(sql);
        if (statement == null) {
            statement = connection.prepareStatement(sql);
            prepared.put(sql, statement);
        }
        return new Query(this, sql, statement);
    }

    /** Prepares a statement anew when it is needed next. */
    void forget(String sql) {
        PreparedStatement failed = prepared.remove(sql);
        if (failed == null) {
            return;
        }
        try {
            failed.close();
        } catch (SQLException known) {
            // Closing repeats the error that made the statement fail, which its caller has.
            return;
        }
    }

    void run(String sql) throws SQLException {
        query(sql).run();
    }

    void pragma(String setting) throws SQLException {
        try (Statement once = connection.createStatement()) {
            once.execute("PRAGMA " + setting);
        }
    }

    @Override
    public void close() throws SQLException {
        for (PreparedStatement statement : prepared.values()) {
            statement.close();
        }
        connection.close();
    }
}
