package dev.hufu.server.store.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Connections to the database, with the settings that durability and patience need. Stateless. */
final class Connections {
    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);
    private static final int OLDEST = 150_000;
    private static final int CONNECT_SECONDS = 5;

    private final PostgresSettings settings;
    private final PGSimpleDataSource source;

    Connections(PostgresSettings settings) {
        this.settings = settings;
        source = new PGSimpleDataSource();
        source.setServerNames(new String[] {settings.host()});
        source.setPortNumbers(new int[] {settings.port()});
        source.setDatabaseName(settings.database());
        source.setUser(settings.user());
        if (settings.password() != null) {
            source.setPassword(settings.password());
        }
        settings.parameters().forEach(this::set);
        long millis = settings.patience().toMillis();
        source.setOptions("-c synchronous_commit=on -c statement_timeout=" + millis + " -c lock_timeout="
                + millis * 3 / 4 + " -c idle_in_transaction_session_timeout=" + 6 * millis);
        source.setApplicationName("hufu");
        source.setConnectTimeout(CONNECT_SECONDS);
        // The database gives up first, and says so.
        source.setSocketTimeout((int) settings.patience().toSeconds() + 2);
        source.setTcpKeepAlive(true);
        source.setReWriteBatchedInserts(true);
    }

    private void set(String name, String value) {
        switch (name) {
            case "sslmode" -> source.setSslMode(value);
            case "sslrootcert" -> source.setSslRootCert(value);
            case "sslcert" -> source.setSslCert(value);
            case "sslkey" -> source.setSslKey(value);
            case "schema" -> source.setCurrentSchema(value);
            default -> throw new IllegalArgumentException(name + " is no parameter of a store's address");
        }
    }

    PostgresSettings settings() {
        return settings;
    }

    DataSource source() {
        return source;
    }

    Connection open() throws SQLException {
        return source.getConnection();
    }

    /** Refuses a database that could not keep what is acknowledged. */
    static void check(Connection connection, String name) throws SQLException {
        int version = Integer.parseInt(ask(connection, "SHOW server_version_num"));
        if (version < OLDEST) {
            throw new IllegalStateException(
                    "The database " + name + " is PostgreSQL " + version / 10_000 + "; the store needs 15 or later.");
        }
        String durability = ask(connection, "SHOW synchronous_commit");
        if (!durability.equals("on") && !durability.equals("remote_apply")) {
            throw new IllegalStateException("The database " + name + " has synchronous_commit = " + durability
                    + ", so that it could lose what was acknowledged.");
        }
        if (!ask(connection, "SHOW fsync").equals("on")) {
            LOG.warn("The database {} has fsync = off: a power cut can lose what was acknowledged", name);
        }
    }

    static String ask(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            if (!rows.next()) {
                throw new SQLException("no answer to " + sql, "XX000");
            }
            return rows.getString(1);
        }
    }
}
