package dev.hufu.server.config;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What node {@code local} does at once, and what it allows.
 *
 * @param maxRunning attempts that run at once
 * @param maxStarting attempts between launch and exec at once
 * @param allowPrivilegeGain whether set-user-id programs work
 * @param allowedEnvironment names that make programs load other code, and that callers may set all the same
 */
public record ExecutionConfig(
        int maxRunning, int maxStarting, boolean allowPrivilegeGain, Set<String> allowedEnvironment) {
    public static final int DEFAULT_MAX_RUNNING = 1_000;
    public static final int STARTS_PER_PROCESSOR = 2;

    private static final int LARGEST_MAX_RUNNING = 100_000;
    private static final int LARGEST_MAX_STARTING = 10_000;

    public ExecutionConfig {
        allowedEnvironment = Set.copyOf(allowedEnvironment);
    }

    static ExecutionConfig of(ConfigSection section) {
        return new ExecutionConfig(
                (int) section.number("maxRunning", DEFAULT_MAX_RUNNING, 1, LARGEST_MAX_RUNNING),
                (int) section.number("maxStarting", defaultMaxStarting(), 1, LARGEST_MAX_STARTING),
                section.flag("allowPrivilegeGain", false),
                section.texts("allowedEnvironment", ExecutionConfig::wrongName));
    }

    public static int defaultMaxStarting() {
        return STARTS_PER_PROCESSOR * Runtime.getRuntime().availableProcessors();
    }

    private static @Nullable String wrongName(String name) {
        return name.isEmpty() || name.contains("=") || name.indexOf(0) >= 0 ? "is no name of a variable" : null;
    }
}
