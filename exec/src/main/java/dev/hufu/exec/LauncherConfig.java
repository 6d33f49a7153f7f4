package dev.hufu.exec;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How the native launcher is run.
 *
 * @param runDirectory where its sockets live; made if missing, must be the user's own with mode 0700, and so short that a
 *     socket's path stays below 107 bytes. Empty: {@code $XDG_RUNTIME_DIR/hufu}, else {@code /tmp/hufu-<uid>}
 * @param log the file its error output is appended to, made 0600 if missing; empty to discard it
 * @param maxIdleSupervisors how many idle supervisor processes are kept for reuse, 0 to 1,000
 */
public record LauncherConfig(Optional<Path> runDirectory, Optional<Path> log, int maxIdleSupervisors) {
    public static final int DEFAULT_MAX_IDLE_SUPERVISORS = 8;

    public LauncherConfig {
        if (maxIdleSupervisors < 0 || maxIdleSupervisors > 1_000) {
            throw new IllegalArgumentException("maxIdleSupervisors must be 0 to 1000, not " + maxIdleSupervisors);
        }
    }

    public static LauncherConfig defaults() {
        return new LauncherConfig(Optional.empty(), Optional.empty(), DEFAULT_MAX_IDLE_SUPERVISORS);
    }

    public LauncherConfig withRunDirectory(Path directory) {
        return new LauncherConfig(Optional.of(directory), log, maxIdleSupervisors);
    }

    public LauncherConfig withLog(Path file) {
        return new LauncherConfig(runDirectory, Optional.of(file), maxIdleSupervisors);
    }

    public LauncherConfig withMaxIdleSupervisors(int count) {
        return new LauncherConfig(runDirectory, log, count);
    }
}
