package dev.hufu.server.config;

import dev.hufu.protocol.RunSpec;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What node {@code local} does at once, and what it allows.
 *
 * @param maxRunning attempts that run at once
 * @param maxStarting attempts between launch and exec at once
 * @param allowPrivilegeGain whether set-user-id programs work
 * @param allowedEnvironment names that make programs load other code, and that callers may set all the same
 * @param largestOutput what a request may let be kept of each stream, in bytes
 * @param users whom commands may have as their user, beside the server's own: names, {@code uid} or {@code uid:gid}
 * @param defaultLimits of a run that says nothing
 * @param largestLimits that no run is without or beyond
 * @param keepCapabilities what commands may have of the server's own capabilities, as in {@code CAP_NET_RAW}, or {@code ALL}
 */
public record ExecutionConfig(
        int maxRunning,
        int maxStarting,
        boolean allowPrivilegeGain,
        Set<String> allowedEnvironment,
        long largestOutput,
        Set<String> users,
        RunSpec.Resources defaultLimits,
        RunSpec.Resources largestLimits,
        Set<String> keepCapabilities) {
    public static final int DEFAULT_MAX_RUNNING = 1_000;
    public static final int STARTS_PER_PROCESSOR = 2;

    public static final long DEFAULT_LARGEST_OUTPUT = 1L << 30;

    private static final int LARGEST_MAX_RUNNING = 100_000;
    private static final int LARGEST_MAX_STARTING = 10_000;
    private static final long LARGEST_LARGEST_OUTPUT = 1L << 40;

    public ExecutionConfig {
        allowedEnvironment = Set.copyOf(allowedEnvironment);
        users = Set.copyOf(users);
        keepCapabilities = Set.copyOf(keepCapabilities);
    }

    static ExecutionConfig of(ConfigSection section) {
        ConfigSection ofDefaults = section.section("defaultLimits");
        RunSpec.Resources defaults = ResourceConfig.of(ofDefaults);
        RunSpec.Resources largest = ResourceConfig.of(section.section("largestLimits"));
        ResourceConfig.refuseAbove(ofDefaults, defaults, largest);
        return new ExecutionConfig(
                (int) section.number("maxRunning", DEFAULT_MAX_RUNNING, 1, LARGEST_MAX_RUNNING),
                (int) section.number("maxStarting", defaultMaxStarting(), 1, LARGEST_MAX_STARTING),
                section.flag("allowPrivilegeGain", false),
                section.texts("allowedEnvironment", ExecutionConfig::wrongName),
                // A limit below the default of a request would refuse those that ask for nothing.
                section.size(
                        "largestOutput", DEFAULT_LARGEST_OUTPUT, RunSpec.Limits.DEFAULT_OUTPUT, LARGEST_LARGEST_OUTPUT),
                section.texts("users", ExecutionConfig::wrongUser),
                defaults,
                largest,
                section.texts("keepCapabilities", ExecutionConfig::wrongCapability));
    }

    public static int defaultMaxStarting() {
        return STARTS_PER_PROCESSOR * Runtime.getRuntime().availableProcessors();
    }

    private static @Nullable String wrongUser(String user) {
        return user.matches("[0-9]{1,10}(:[0-9]{1,10})?|[A-Za-z_][A-Za-z0-9_.@\\\\-]*\\$?")
                ? null
                : "is no name of a user, nor uid or uid:gid";
    }

    private static @Nullable String wrongCapability(String name) {
        return name.matches("ALL|CAP_[A-Z_]+") ? null : "is no name of a capability, as CAP_NET_RAW is, nor ALL";
    }

    private static @Nullable String wrongName(String name) {
        return name.isEmpty() || name.contains("=") || name.indexOf(0) >= 0 ? "is no name of a variable" : null;
    }
}
