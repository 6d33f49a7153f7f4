package dev.hufu.protocol;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A run's effective values: what was asked for, with every default filled in.
 *
 * @param env in the caller's order
 * @param cwd absolute; null for the user's home
 * @param stdin the whole input; empty where none was given
 * @param timeout counts from start; null for none
 * @param expiresAfter counts from acceptance to start
 * @param priority -10 to 10; higher goes first
 */
public record RunSpec(
        Execution exec,
        Map<String, String> env,
        @Nullable String cwd,
        Bytes stdin,
        @Nullable Duration timeout,
        Duration killGrace,
        Duration expiresAfter,
        Limits limits,
        int priority,
        Map<String, String> labels) {
    public static final Duration DEFAULT_TIMEOUT = Duration.ofHours(1);
    public static final Duration DEFAULT_KILL_GRACE = Duration.ofSeconds(5);
    public static final Duration DEFAULT_EXPIRES_AFTER = Duration.ofHours(24);

    public RunSpec {
        env = Collections.unmodifiableMap(new LinkedHashMap<>(env));
        labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
    }

    /** The same with other limits. */
    public RunSpec with(Limits other) {
        return new RunSpec(exec, env, cwd, stdin, timeout, killGrace, expiresAfter, other, priority, labels);
    }

    /** What becomes of output beyond the limit. */
    public enum OnOutput {
        /** The first bytes up to the limit are kept, and the last 64 KiB. */
        TRUNCATE,
        /** The process is stopped. */
        KILL,
        /** The process waits for its reader, as on a pipe. */
        BLOCK
    }

    /**
     * What a run may use.
     *
     * @param output bytes kept per stream
     */
    public record Limits(long output, OnOutput onOutput) {
        public static final long DEFAULT_OUTPUT = 16L << 20;
    }
}
