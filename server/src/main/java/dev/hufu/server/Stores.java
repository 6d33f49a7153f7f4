package dev.hufu.server;

import dev.hufu.server.config.DatabaseConfig;
import dev.hufu.server.config.ServerConfig;
import dev.hufu.server.store.CommitListener;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.postgres.PostgresRunStore;
import dev.hufu.server.store.postgres.PostgresSettings;
import dev.hufu.server.store.sqlite.SqliteRunStore;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Opens the store that the configuration names. */
final class Stores {
    private static final String STORE_FILE = "hufu.db";

    private Stores() {}

    /** @param reserveSpent whether nothing new is begun for want of room */
    record Opened(RunStore store, BooleanSupplier reserveSpent) {}

    static Opened open(ServerConfig config, Timers timers, Runnable onBroken, CommitListener listener) {
        DatabaseConfig database = config.store().database();
        if (database != null) {
            return new Opened(PostgresRunStore.open(settings(database, listener), timers, onBroken), () -> false);
        }
        SqliteRunStore store = SqliteRunStore.open(
                config.data().resolve(STORE_FILE),
                timers,
                onBroken,
                new SqliteRunStore.Settings(config.store().reserve(), listener));
        return new Opened(store, store::reserveSpent);
    }

    private static PostgresSettings settings(DatabaseConfig database, CommitListener listener) {
        return new PostgresSettings(
                database.host(),
                database.port(),
                database.database(),
                database.user(),
                database.parameters(),
                password(database.passwordFile()),
                PostgresSettings.PATIENCE,
                listener);
    }

    private static @Nullable String password(@Nullable Path file) {
        if (file == null) {
            return System.getenv("PGPASSWORD");
        }
        try {
            return Files.readString(file).lines().findFirst().orElse("");
        } catch (IOException failed) {
            throw new UncheckedIOException("the password file " + file + " cannot be read", failed);
        }
    }
}
