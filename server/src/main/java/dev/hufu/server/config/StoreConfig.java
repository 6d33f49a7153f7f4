package dev.hufu.server.config;

/**
 * The record of runs.
 *
 * @param reserve bytes kept free in a file of zeros, which is given up where the volume is full, so that cancels and ends can
 *     still be written; 0 for none
 */
public record StoreConfig(long reserve) {
    public static final long DEFAULT_RESERVE = 8L << 20;

    private static final long LARGEST_RESERVE = 16L << 30;

    static StoreConfig of(ConfigSection section) {
        return new StoreConfig(section.size("reserve", DEFAULT_RESERVE, 0, LARGEST_RESERVE));
    }
}
