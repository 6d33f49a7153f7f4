package dev.hufu.server.store.sql;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A connection with its prepared statements, each prepared once. Used by one thread, which closes it. */
public final class Statements implements AutoCloseable {
    /**
     * A statement on its connection.
     *
     * @param numbered its parameters, where they are numbered and the database knows no numbers
     */
    record Prepared(PreparedStatement statement, @Nullable NumberedParameters numbered) {}

    private final Dialect dialect;
    private final Map<String, Prepared> prepared = new HashMap<>();
    private final Map<String, Prepared> appended = new LinkedHashMap<>();
    private Connection connection;
    private boolean wrote;

    public Statements(Connection connection, Dialect dialect) {
        this.connection = connection;
        this.dialect = dialect;
    }

    /** The statement with this text. Texts are constants: they stay prepared. */
    public Query query(String sql) throws SQLException {
        Prepared statement = prepared.get(sql);
        if (statement == null) {
            statement = prepare(sql);
            prepared.put(sql, statement);
        }
        return new Query(this, sql, statement);
    }

    private Prepared prepare(String sql) throws SQLException {
        if (dialect.numbersParameters() || !NumberedParameters.in(sql)) {
            return new Prepared(connection.prepareStatement(sql), null);
        }
        NumberedParameters numbered = NumberedParameters.of(sql);
        return new Prepared(connection.prepareStatement(numbered.sql()), numbered);
    }

    Dialect dialect() {
        return dialect;
    }

    /** Prepares a statement anew when it is needed next. */
    void forget(String sql) {
        appended.remove(sql);
        Prepared failed = prepared.remove(sql);
        if (failed == null) {
            return;
        }
        try {
            failed.statement().close();
        } catch (SQLException known) {
            // Closing repeats the error that made the statement fail, which its caller has.
            return;
        }
    }

    void noteWrite() {
        wrote = true;
    }

    void append(String sql, Prepared statement) throws SQLException {
        statement.statement().addBatch();
        appended.put(sql, statement);
        wrote = true;
    }

    /** Sends what was appended. */
    public void flush() throws SQLException {
        for (String sql : List.copyOf(appended.keySet())) {
            flush(sql);
        }
    }

    /** Sends what was appended by this statement. */
    public void flush(String sql) throws SQLException {
        Prepared statement = appended.remove(sql);
        if (statement == null) {
            return;
        }
        try {
            statement.statement().executeBatch();
        } catch (SQLException failed) {
            forget(sql);
            throw failed;
        }
    }

    /** Drops what was appended and not sent. */
    void discard() {
        List.copyOf(appended.keySet()).forEach(this::forget);
    }

    /** Whether anything was written since the last time this was asked. */
    public boolean takeWrote() {
        boolean answer = wrote;
        wrote = false;
        return answer;
    }

    public Connection connection() {
        return connection;
    }

    /** Goes on with another connection; the one before is its owner's to close. */
    public void use(Connection next) {
        new ArrayList<>(prepared.keySet()).forEach(this::forget);
        appended.clear();
        wrote = false;
        connection = next;
    }

    public void run(String sql) throws SQLException {
        query(sql).run();
    }

    /** Runs what is not worth being prepared. */
    public void runOnce(String sql) throws SQLException {
        try (Statement once = connection.createStatement()) {
            once.execute(sql);
        }
    }

    @Override
    public void close() throws SQLException {
        for (Prepared each : prepared.values()) {
            each.statement().close();
        }
        connection.close();
    }
}
