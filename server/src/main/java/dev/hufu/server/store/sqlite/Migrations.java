package dev.hufu.server.store.sqlite;

import java.sql.SQLException;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/**
 * Brings the schema to this version's. Each migration is one transaction that ends by setting {@code user_version}, so that
 * a store which is up to date is known without starting Flyway, and a killed migration is simply run again.
 */
final class Migrations {
    static final int NEWEST = 3;

    private Migrations() {}

    static void run(Database database) throws SQLException {
        int version = version(database);
        if (version > NEWEST) {
            throw new IllegalStateException("The store " + database.file() + " was written by a newer version of Hufu"
                    + " (schema " + version + ", this one knows " + NEWEST
                    + "). Start that version, or restore a backup"
                    + " of before the upgrade.");
        }
        if (version == NEWEST) {
            return;
        }
        try {
            Flyway.configure(Migrations.class.getClassLoader())
                    .dataSource(database.source())
                    .locations("classpath:db/migration/sqlite")
                    .load()
                    .migrate();
        } catch (FlywayException failed) {
            throw new IllegalStateException(
                    "The store " + database.file() + " could not be brought to schema " + NEWEST + ": "
                            + failed.getMessage(),
                    failed);
        }
        if (version(database) != NEWEST) {
            throw new IllegalStateException("The migrations of the store did not end at schema " + NEWEST);
        }
    }

    private static int version(Database database) throws SQLException {
        try (Statements statements = new Statements(database.source().getConnection())) {
            return statements
                    .query("PRAGMA user_version")
                    .first(row -> row.getInt(1))
                    .orElse(0);
        }
    }
}
