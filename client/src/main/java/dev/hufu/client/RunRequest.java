package dev.hufu.client;

import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.Execution;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.json.JsonValues;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What to run and how. What is not set takes the server's default. Immutable; the server is the judge of every value. */
public final class RunRequest {
    private final byte[] body;

    private RunRequest(byte[] body) {
        this.body = body;
    }

    /** A program and its arguments, passed as they are: no shell sees them. */
    public static Builder argv(String program, String... arguments) {
        Builder builder = new Builder();
        List<String> argv = new ArrayList<>(List.of(arguments));
        argv.addFirst(program);
        builder.exec.put("argv", argv);
        return builder;
    }

    public static Builder exec(Execution execution) {
        Builder builder = new Builder();
        // No switch over the types: the first one of a process costs it as much as a request.
        if (execution instanceof Execution.Argv(List<String> argv)) {
            builder.exec.put("argv", argv);
        } else if (execution instanceof Execution.Script(String script, List<String> interpreter, List<String> args)) {
            builder.exec.put("script", script);
            builder.exec.put("interpreter", interpreter);
            builder.exec.put("args", args);
        }
        return builder;
    }

    byte[] body() {
        return body;
    }

    /** Collects what is set. Not for several threads. */
    public static final class Builder {
        private final Map<String, Object> request = new LinkedHashMap<>();
        private final Map<String, Object> exec = new LinkedHashMap<>();
        private final Map<String, Object> limits = new LinkedHashMap<>();
        private final Map<String, Object> targets = new LinkedHashMap<>();

        private Builder() {
            request.put("exec", exec);
        }

        public Builder env(Map<String, String> env) {
            request.put("env", new LinkedHashMap<>(env));
            return this;
        }

        /** Absolute. */
        public Builder cwd(String cwd) {
            request.put("cwd", cwd);
            return this;
        }

        /** Whom the processes belong to: a name, a uid, or uid:gid; without it, the node's own user. */
        public Builder user(String user) {
            request.put("user", user);
            return this;
        }

        public Builder stdin(Bytes stdin) {
            byte[] bytes = stdin.toArray();
            String text = text(bytes);
            request.put(
                    "stdin", text == null ? Map.of("base64", Base64.getEncoder().encodeToString(bytes)) : text);
            return this;
        }

        /** From the start of the process on; without it, the server's default. */
        public Builder timeout(Duration timeout) {
            request.put("timeout", milliseconds(timeout));
            return this;
        }

        public Builder noTimeout() {
            request.put("timeout", "none");
            return this;
        }

        /** Between SIGTERM and SIGKILL. */
        public Builder killGrace(Duration killGrace) {
            request.put("killGrace", milliseconds(killGrace));
            return this;
        }

        /** From acceptance to start. */
        public Builder expiresAfter(Duration expiresAfter) {
            request.put("expiresAfter", milliseconds(expiresAfter));
            return this;
        }

        /** Bytes of each stream that are kept. */
        public Builder outputLimit(long bytes) {
            limits().put("output", bytes);
            return this;
        }

        /** What becomes of output beyond the limit; of an attached reader's, of output that was not read yet. */
        public Builder onOutput(RunSpec.OnOutput onOutput) {
            limits().put("onOutput", onOutput.name().toLowerCase(Locale.ROOT));
            return this;
        }

        /** Bytes of memory that its processes may have together. */
        public Builder memoryLimit(long bytes) {
            limits().put("memory", bytes);
            return this;
        }

        /** Processors' worth of time; 1.5 is one and a half. */
        public Builder cpuLimit(double processors) {
            limits().put("cpu", processors);
            return this;
        }

        /** Processes and threads at a time. */
        public Builder pidLimit(int processes) {
            limits().put("pids", processes);
            return this;
        }

        /** Open descriptors of each process. */
        public Builder fileLimit(int descriptors) {
            limits().put("files", descriptors);
            return this;
        }

        private Map<String, Object> limits() {
            request.put("limits", limits);
            return limits;
        }

        /** The nodes to run on, by name; without nodes and {@link #where}, the server's own machine. */
        public Builder nodes(List<String> nodes) {
            targets().put("nodes", List.copyOf(nodes));
            return this;
        }

        /** The nodes to run on, by an expression over them, as in {@code labels.role == 'web'}. */
        public Builder where(String expression) {
            targets().put("where", expression);
            return this;
        }

        private Map<String, Object> targets() {
            request.put("targets", targets);
            return targets;
        }

        /** From -10 to 10; higher goes first. */
        public Builder priority(int priority) {
            request.put("priority", priority);
            return this;
        }

        /**
         * More than one attempt where a task did not succeed.
         *
         * @param maxAttempts the first one counted
         * @param backoff what it waits at most before the second attempt; doubled before each further one; null for the
         *     server's default
         * @param maxBackoff what it waits at most before any; null for the server's default
         * @param on which ends are tried again ({@code exit}, {@code signal}, {@code timeout}, {@code memory},
         *     {@code spawn}, {@code lost}); empty for the server's default. With {@code lost}, a command may run twice.
         */
        public Builder retry(
                int maxAttempts, @Nullable Duration backoff, @Nullable Duration maxBackoff, List<String> on) {
            Map<String, Object> retry = new LinkedHashMap<>();
            retry.put("maxAttempts", maxAttempts);
            if (backoff != null) {
                retry.put("backoff", milliseconds(backoff));
            }
            if (maxBackoff != null) {
                retry.put("maxBackoff", milliseconds(maxBackoff));
            }
            if (!on.isEmpty()) {
                retry.put("on", List.copyOf(on));
            }
            request.put("retry", retry);
            return this;
        }

        public Builder labels(Map<String, String> labels) {
            request.put("labels", new LinkedHashMap<>(labels));
            return this;
        }

        public RunRequest build() {
            return new RunRequest(JsonValues.bytes(request));
        }

        private static String milliseconds(Duration duration) {
            if (!Duration.ofMillis(duration.toMillis()).equals(duration)) {
                throw new IllegalArgumentException("finer than a millisecond: " + duration);
            }
            return duration.toMillis() + "ms";
        }

        /** The bytes as text where they are text; null where Base64 carries them better. */
        private static @Nullable String text(byte[] bytes) {
            for (byte each : bytes) {
                if (each == 0) {
                    return null;
                }
            }
            try {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(bytes))
                        .toString();
            } catch (CharacterCodingException binary) {
                return null;
            }
        }
    }
}
