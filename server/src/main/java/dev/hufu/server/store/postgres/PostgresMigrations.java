package dev.hufu.server.store.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * Brings the schema to this version's, forward only. Each script is one transaction that ends by noting its number, so that a
 * killed migration is simply run again. Runs on a {@link Session}'s connection, whose lock keeps other servers away.
 */
final class PostgresMigrations {
    /** By number, from 1. */
    private static final List<String> SCRIPTS = List.of("V1__store.sql");

    private static final String PLACE = "/db/migration/postgres/";

    private PostgresMigrations() {}

    static int newest() {
        return SCRIPTS.size();
    }

    static void run(Connection connection, String name) throws SQLException {
        int version = version(connection);
        if (version > newest()) {
            throw new IllegalStateException(
                    "The store " + name + " was written by a newer version of Hufu (schema " + version
                            + ", this one knows " + newest()
                            + "). Start that version, or restore a backup of before the upgrade.");
        }
        for (int next = version + 1; next <= newest(); next++) {
            try {
                apply(connection, next);
            } catch (SQLException | IOException failed) {
                connection.rollback();
                throw new IllegalStateException(
                        "The store " + name + " could not be brought to schema " + next + ": " + failed.getMessage(),
                        failed);
            }
        }
    }

    private static void apply(Connection connection, int number) throws SQLException, IOException {
        String script = SCRIPTS.get(number - 1);
        try (InputStream stream = PostgresMigrations.class.getResourceAsStream(PLACE + script);
                Statement statement = connection.createStatement()) {
            if (stream == null) {
                throw new IOException(script + " is missing");
            }
            statement.execute("SET LOCAL statement_timeout = 0");
            statement.execute("CREATE TABLE IF NOT EXISTS store_schema"
                    + " (id integer PRIMARY KEY CHECK (id = 1), version integer NOT NULL)");
            statement.execute(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
            statement.execute("INSERT INTO store_schema (id, version) VALUES (1, " + number
                    + ") ON CONFLICT (id) DO UPDATE SET version = excluded.version");
        }
        connection.commit();
    }

    /** 0 where there is none yet. */
    static int version(Connection connection) throws SQLException {
        if (Connections.ask(connection, "SELECT coalesce(current_schema(), '')").isEmpty()) {
            throw new IllegalStateException(
                    "The schema that the store's address names is not there: CREATE SCHEMA makes it.");
        }
        boolean there = Connections.ask(connection, "SELECT (to_regclass('store_schema') IS NOT NULL)::text")
                .equals("true");
        int version = there
                ? Integer.parseInt(Connections.ask(connection, "SELECT coalesce(max(version), 0) FROM store_schema"))
                : 0;
        connection.rollback();
        return version;
    }
}
