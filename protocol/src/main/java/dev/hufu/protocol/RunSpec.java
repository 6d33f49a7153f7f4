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
 * @param user whom it runs as: a name, {@code uid} or {@code uid:gid}; null for the node's own user
 * @param stdin the whole input; empty where none was given
 * @param timeout counts from start; null for none
 * @param expiresAfter counts from acceptance to start
 * @param priority -10 to 10; higher goes first
 */
public record RunSpec(
        Execution exec,
        Map<String, String> env,
        @Nullable String cwd,
        @Nullable String user,
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

    /** One that runs as the node's own user. */
    public RunSpec(
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
        this(exec, env, cwd, null, stdin, timeout, killGrace, expiresAfter, limits, priority, labels);
    }

    /** The same with other limits. */
    public RunSpec with(Limits other) {
        return new RunSpec(exec, env, cwd, user, stdin, timeout, killGrace, expiresAfter, other, priority, labels);
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
    public record Limits(long output, OnOutput onOutput, Resources resources) {
        public static final long DEFAULT_OUTPUT = 16L << 20;

        /** Without limits of its processes. */
        public Limits(long output, OnOutput onOutput) {
            this(output, onOutput, Resources.NONE);
        }
    }

    /**
     * What the processes of a run may use together; null for no limit.
     *
     * @param memory bytes
     * @param cpu processors' worth of time; 1.5 is one and a half
     * @param pids processes and threads at a time
     * @param files open descriptors of each process
     */
    public record Resources(
            @Nullable Long memory,
            @Nullable Double cpu,
            @Nullable Integer pids,
            @Nullable Integer files) {
        public static final Resources NONE = new Resources(null, null, null, null);

        public static final long LEAST_MEMORY = 1L << 20;
        public static final double LEAST_CPU = 0.01;
        public static final double MOST_CPU = 100_000;
        public static final int LEAST_PIDS = 1;
        public static final int LEAST_FILES = 4;

        /** These, and where one is missing that of the others. */
        public Resources or(Resources others) {
            return new Resources(
                    memory == null ? others.memory : memory,
                    cpu == null ? others.cpu : cpu,
                    pids == null ? others.pids : pids,
                    files == null ? others.files : files);
        }
    }
}
