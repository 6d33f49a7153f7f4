package dev.hufu.cli.terminal;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;

/** Where a local server keeps its data, by the same rule as the server's own. */
public final class DataDirectory {
    private DataDirectory() {}

    /** @throws InvalidPathException when a variable holds what is no path */
    public static Path of(Map<String, String> env) {
        String data = env.getOrDefault("HUFU_DATA", "");
        if (!data.isEmpty()) {
            return Path.of(data);
        }
        String shared = env.getOrDefault("XDG_DATA_HOME", "");
        // The XDG rules have relative paths ignored.
        if (shared.startsWith("/")) {
            return Path.of(shared, "hufu");
        }
        String home = env.getOrDefault("HOME", "");
        return Path.of(home.isEmpty() ? System.getProperty("user.home", "/") : home, ".local", "share", "hufu");
    }
}
