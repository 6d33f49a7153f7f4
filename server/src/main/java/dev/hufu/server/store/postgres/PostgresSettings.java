package dev.hufu.server.store.postgres;

import dev.hufu.server.store.CommitListener;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the database is, and how it is spoken to.
 *
 * @param parameters of the address: {@code sslmode}, {@code sslrootcert}, {@code sslcert}, {@code sslkey}, {@code schema}
 * @param password null to look into {@code .pgpass}
 * @param patience how long an answer may take; a connection without one is given up
 * @param listener hears of commits
 */
public record PostgresSettings(
        String host,
        int port,
        String database,
        String user,
        Map<String, String> parameters,
        @Nullable String password,
        Duration patience,
        CommitListener listener) {
    public static final Duration PATIENCE = Duration.ofSeconds(10);

    public PostgresSettings {
        parameters = Map.copyOf(parameters);
    }

    /** The address as people know it. Never shows a password. */
    String name() {
        String schema = parameters.get("schema");
        return "postgresql://" + user + "@" + host + ":" + port + "/" + database
                + (schema == null ? "" : "?schema=" + schema);
    }

    @Override
    public String toString() {
        return name();
    }
}
