package dev.hufu.server.config;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The record of runs.
 *
 * @param reserve bytes kept free in a file of zeros, which is given up where the volume is full, so that cancels and ends can
 *     still be written; 0 for none
 * @param database where it is kept; null for a file in the data directory
 */
public record StoreConfig(long reserve, @Nullable DatabaseConfig database) {
    public static final long DEFAULT_RESERVE = 8L << 20;

    private static final long LARGEST_RESERVE = 16L << 30;

    static StoreConfig of(ConfigSection section) {
        long reserve = section.size("reserve", DEFAULT_RESERVE, 0, LARGEST_RESERVE);
        Optional<DatabaseAddress> address = section.text("url", "must be a text", DatabaseAddress::read);
        Optional<Path> passwordFile = section.path("passwordFile", true);
        DatabaseConfig database = null;
        switch (address.orElse(null)) {
            case null -> {
                if (passwordFile.isPresent()) {
                    section.wrong("passwordFile", "is of the database that store.url names, and there is none");
                }
            }
            case DatabaseAddress.Wrong(String what) -> section.wrong("url", what);
            case DatabaseAddress.Right right -> {
                database = right.with(passwordFile.orElse(null));
                if (section.has("reserve")) {
                    section.wrong("reserve", "is for SQLite only: what a database keeps free is its own affair");
                }
            }
        }
        return new StoreConfig(reserve, database);
    }
}
