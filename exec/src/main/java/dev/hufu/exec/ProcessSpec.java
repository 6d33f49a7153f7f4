package dev.hufu.exec;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything needed to run a process once. Made by {@link #builder}.
 *
 * @param attemptFile absolute; made by the launch, which refuses one that exists; its directory exists
 * @param environment the whole environment of the process, nothing is inherited
 * @param workingDirectory absolute
 * @param stdin the whole input
 * @param timeout from start; null for none
 * @param killGrace between SIGTERM and SIGKILL when the timeout ends it
 * @param drainGrace how long what the main process left behind may go on after its end
 * @param notAfter a process that would be started later than this is not: the launch has failed with {@link Errno#ETIME} at
 *     {@link LaunchStage#NOT_AFTER}; null for any time
 * @param outputLimit bytes kept from the start of each stream; what else it means is for {@code outputPolicy} to say
 * @param marker {@code NAME=value}, an entry of the environment unique to this attempt, by which strays are found
 *     after their supervisor was killed; empty for none
 * @param metadata kept in the attempt file for the caller
 * @param allowPrivilegeGain whether set-user-id programs work
 * @param user whom it runs as: a name, {@code uid} or {@code uid:gid}, looked up when it starts; null for the launcher's own
 *     user
 */
// Specifications are not compared, and an input of megabytes is not worth a copy for each look at it.
@SuppressWarnings("ArrayRecordComponent")
public record ProcessSpec(
        Path attemptFile,
        Program program,
        Map<String, String> environment,
        Path workingDirectory,
        byte[] stdin,
        @Nullable Duration timeout,
        Duration killGrace,
        Duration drainGrace,
        @Nullable Instant notAfter,
        long outputLimit,
        OutputPolicy outputPolicy,
        String marker,
        byte[] metadata,
        boolean allowPrivilegeGain,
        @Nullable String user,
        ResourceLimits limits) {
    /** {@link #killGrace} where nothing else is said. */
    public static final Duration DEFAULT_KILL_GRACE = Duration.ofSeconds(5);
    /** {@link #drainGrace} where nothing else is said. */
    public static final Duration DEFAULT_DRAIN_GRACE = Duration.ofSeconds(1);
    /** {@link #outputLimit} where nothing else is said, in bytes. */
    public static final long DEFAULT_OUTPUT_LIMIT = 16L << 20;

    /** @throws IllegalArgumentException if a path is relative, a limit or grace negative, or the timeout not positive */
    public ProcessSpec {
        environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        if (!attemptFile.isAbsolute() || !workingDirectory.isAbsolute()) {
            throw new IllegalArgumentException("attempt file and working directory must be absolute");
        }
        if (outputLimit < 0 || killGrace.isNegative() || drainGrace.isNegative()) {
            throw new IllegalArgumentException("limits and graces must not be negative");
        }
        if (timeout != null && (timeout.isNegative() || timeout.isZero())) {
            throw new IllegalArgumentException("timeout must be positive");
        }
        if (user != null && user.isEmpty()) {
            throw new IllegalArgumentException("user must not be empty");
        }
    }

    /** A specification with nothing but where it is recorded, and what is executed. */
    public static Builder builder(Path attemptFile, Program program) {
        return new Builder(attemptFile, program);
    }

    /** Collects what differs from the defaults: empty environment, {@code /}, empty input, no timeout, no limits. */
    public static final class Builder {
        private final Path attemptFile;
        private final Program program;
        private final Map<String, String> environment = new LinkedHashMap<>();
        private Path workingDirectory = Path.of("/");
        private byte[] stdin = new byte[0];
        private @Nullable Duration timeout;
        private Duration killGrace = DEFAULT_KILL_GRACE;
        private Duration drainGrace = DEFAULT_DRAIN_GRACE;
        private @Nullable Instant notAfter;
        private long outputLimit = DEFAULT_OUTPUT_LIMIT;
        private OutputPolicy outputPolicy = OutputPolicy.TRUNCATE;
        private String marker = "";
        private byte[] metadata = new byte[0];
        private boolean allowPrivilegeGain;
        private @Nullable String user;
        private ResourceLimits limits = ResourceLimits.NONE;

        private Builder(Path attemptFile, Program program) {
            this.attemptFile = attemptFile;
            this.program = program;
        }

        /** Adds one entry to the environment, or replaces it. */
        public Builder environment(String name, String value) {
            environment.put(name, value);
            return this;
        }

        /** Adds these entries to the environment. */
        public Builder environment(Map<String, String> entries) {
            environment.putAll(entries);
            return this;
        }

        /** See {@link ProcessSpec#workingDirectory}. */
        public Builder workingDirectory(Path directory) {
            this.workingDirectory = directory;
            return this;
        }

        /** The whole of its standard input; a copy is kept. */
        public Builder stdin(byte[] input) {
            this.stdin = input.clone();
            return this;
        }

        /** How long after its start it is stopped; null for never. */
        public Builder timeout(@Nullable Duration fromStart) {
            this.timeout = fromStart;
            return this;
        }

        /** See {@link ProcessSpec#killGrace}. */
        public Builder killGrace(Duration grace) {
            this.killGrace = grace;
            return this;
        }

        /** See {@link ProcessSpec#drainGrace}. */
        public Builder drainGrace(Duration grace) {
            this.drainGrace = grace;
            return this;
        }

        /** See {@link ProcessSpec#notAfter}. */
        public Builder notAfter(@Nullable Instant moment) {
            this.notAfter = moment;
            return this;
        }

        /** In bytes, for each of the two streams. */
        public Builder outputLimit(long bytes) {
            this.outputLimit = bytes;
            return this;
        }

        /** What becomes of output beyond the limit. */
        public Builder outputPolicy(OutputPolicy policy) {
            this.outputPolicy = policy;
            return this;
        }

        /** An entry of the environment that nobody else has, {@code NAME=value}. */
        public Builder marker(String entry) {
            this.marker = entry;
            return this;
        }

        /** Kept in the attempt file for the caller; a copy is kept. */
        public Builder metadata(byte[] bytes) {
            this.metadata = bytes.clone();
            return this;
        }

        /** Whether set-user-id programs work; they do not if this is not called. */
        public Builder allowPrivilegeGain(boolean allow) {
            this.allowPrivilegeGain = allow;
            return this;
        }

        /** See {@link ProcessSpec#user}. */
        public Builder user(@Nullable String nameOrNumber) {
            this.user = nameOrNumber;
            return this;
        }

        /** What it may use at most. */
        public Builder limits(ResourceLimits most) {
            this.limits = most;
            return this;
        }

        /**
         * The specification as it is by now.
         *
         * @throws IllegalArgumentException as the record does
         */
        public ProcessSpec build() {
            return new ProcessSpec(
                    attemptFile,
                    program,
                    environment,
                    workingDirectory,
                    stdin,
                    timeout,
                    killGrace,
                    drainGrace,
                    notAfter,
                    outputLimit,
                    outputPolicy,
                    marker,
                    metadata,
                    allowPrivilegeGain,
                    user,
                    limits);
        }
    }
}
