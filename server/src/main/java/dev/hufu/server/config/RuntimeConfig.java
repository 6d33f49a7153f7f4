package dev.hufu.server.config;

import java.time.Duration;

/**
 * The files the server itself runs from: the JDK's, and its own archives.
 *
 * @param onReplaced what follows where an update replaced them
 * @param look how often they are looked at
 */
public record RuntimeConfig(OnReplaced onReplaced, Duration look) {
    public static final Duration DEFAULT_LOOK = Duration.ofMinutes(1);

    /** What follows. It is said in the log, the metrics and {@code /readyz} in any case. */
    public enum OnReplaced {
        WARN,
        /** The server stops as at SIGTERM, and asks by its exit code to be started again. */
        DRAIN
    }

    static RuntimeConfig of(ConfigSection section) {
        return new RuntimeConfig(
                section.choice("onReplaced", OnReplaced.DRAIN),
                section.duration("look", DEFAULT_LOOK, Duration.ofSeconds(1), Duration.ofDays(1)));
    }
}
