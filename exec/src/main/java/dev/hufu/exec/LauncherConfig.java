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
    /** How many idle supervisors are kept where nothing else is said. */
    public static final int DEFAULT_MAX_IDLE_SUPERVISORS = 8;

    /** @throws IllegalArgumentException if the number of idle supervisors is out of range */
    public LauncherConfig {
        if (maxIdleSupervisors < 0 || maxIdleSupervisors > 1_000) {
            throw new IllegalArgumentException("maxIdleSupervisors must be 0 to 1000, not " + maxIdleSupervisors);
        }
    }

    /** The user's run directory, no log, {@link #DEFAULT_MAX_IDLE_SUPERVISORS}. */
    public static LauncherConfig defaults() {
        return new LauncherConfig(Optional.empty(), Optional.empty(), DEFAULT_MAX_IDLE_SUPERVISORS);
    }

    /** This, with another directory for the sockets. */
    public LauncherConfig withRunDirectory(Path directory) {
        return new LauncherConfig(Optional.of(directory), log, maxIdleSupervisors);
    }

    /** This, with a file for what the launcher says on its error output. */
    public LauncherConfig withLog(Path file) {
        return new LauncherConfig(runDirectory, Optional.of(file), maxIdleSupervisors);
    }

    /** This, with another number of idle supervisors. */
    public LauncherConfig withMaxIdleSupervisors(int count) {
        return new LauncherConfig(runDirectory, log, count);
    }
}
