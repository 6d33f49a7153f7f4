package dev.hufu.protocol;

import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
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
 * @param retry null for one attempt
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
        @Nullable Retry retry,
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

    /** One of one attempt. */
    public RunSpec(
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
        this(exec, env, cwd, user, stdin, timeout, killGrace, expiresAfter, null, limits, priority, labels);
    }

    /** One of one attempt that runs as the node's own user. */
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
        return new RunSpec(
                exec, env, cwd, user, stdin, timeout, killGrace, expiresAfter, retry, other, priority, labels);
    }

    /** The same with as many attempts as this says. */
    public RunSpec with(Retry other) {
        return new RunSpec(
                exec, env, cwd, user, stdin, timeout, killGrace, expiresAfter, other, limits, priority, labels);
    }

    /** An end of an attempt that another attempt may follow. */
    public enum RetryOn {
        /** It exited with another code than 0. */
        EXIT,
        /** A signal ended it. */
        SIGNAL,
        /** It was stopped at its timeout. */
        TIMEOUT,
        /** It was stopped at its limit of memory. */
        MEMORY,
        /** It could not be started. */
        SPAWN,
        /** What became of it is unknown: what it does may be done twice. */
        LOST
    }

    /**
     * When a task that did not succeed is tried again. Before attempt n + 1 it waits for a random part of {@code backoff}
     * × 2^(n − 1), or of {@code maxBackoff} where that is less.
     *
     * @param maxAttempts the first one counted
     * @param on each once, in order of declaration
     */
    public record Retry(int maxAttempts, Duration backoff, Duration maxBackoff, List<RetryOn> on) {
        public static final int DEFAULT_ATTEMPTS = 3;
        public static final Duration DEFAULT_BACKOFF = Duration.ofSeconds(1);
        public static final Duration DEFAULT_MAX_BACKOFF = Duration.ofMinutes(1);
        public static final List<RetryOn> DEFAULT_ON = List.of(RetryOn.EXIT, RetryOn.SIGNAL, RetryOn.TIMEOUT);

        public Retry {
            on = List.copyOf(ordered(on));
        }

        private static Collection<RetryOn> ordered(Collection<RetryOn> on) {
            return on.isEmpty() ? on : EnumSet.copyOf(on);
        }
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
