package dev.hufu.server.config;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is logged, and how.
 *
 * @param levels for loggers of this program by name, and all below them
 */
public record LogConfig(Format format, Level level, Map<String, Level> levels) {
    public static final LogConfig DEFAULTS = new LogConfig(Format.AUTO, Level.INFO, Map.of());

    private static final String OURS = "dev.hufu";

    /** How an event is written. */
    public enum Format {
        /** For people on a terminal, else JSON. */
        AUTO,
        JSON,
        TEXT
    }

    /** What is left out below. */
    public enum Level {
        ERROR,
        WARN,
        INFO,
        DEBUG
    }

    public LogConfig {
        levels = Map.copyOf(levels);
    }

    static LogConfig of(ConfigSection section) {
        return new LogConfig(
                section.choice("format", DEFAULTS.format()),
                section.choice("level", DEFAULTS.level()),
                section.choices("levels", DEFAULTS.level(), LogConfig::wrongName));
    }

    /** Those of libraries would log headers, and so tokens. */
    private static @Nullable String wrongName(String name) {
        return name.equals(OURS) || name.startsWith(OURS + ".") ? null : "is no logger of this program: " + OURS + "…";
    }
}
