package dev.hufu.server.config;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a PostgreSQL database is.
 *
 * @param parameters {@code sslmode}, {@code sslrootcert}, {@code sslcert}, {@code sslkey}, {@code schema}
 * @param passwordFile its first line is the password; null for {@code PGPASSWORD} or {@code .pgpass}
 */
public record DatabaseConfig(
        String host,
        int port,
        String database,
        String user,
        Map<String, String> parameters,
        @Nullable Path passwordFile) {
    public DatabaseConfig {
        parameters = Map.copyOf(parameters);
    }
}
