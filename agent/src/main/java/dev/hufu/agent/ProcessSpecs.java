package dev.hufu.agent;

import dev.hufu.exec.OutputPolicy;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.Program;
import dev.hufu.exec.ResourceLimits;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Execution;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.ServerMessage.StartAttempt;
import dev.hufu.protocol.codec.RecordCodec;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.LinkedHashMap;
import java.util.Map;

/** Makes of an order what the process library executes: program, environment, working directory. Immutable. */
final class ProcessSpecs {
    private static final String DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private static final DateTimeFormatter MILLISECONDS =
            new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

    private final NodeUser own;
    private final boolean allowPrivilegeGain;

    /** @param own the agent's own user, for runs that name none */
    ProcessSpecs(NodeUser own, boolean allowPrivilegeGain) {
        this.own = own;
        this.allowPrivilegeGain = allowPrivilegeGain;
    }

    /**
     * @param start when it is started, from which its deadline follows
     * @param checkpoint the directory that the task's attempts share
     * @throws IllegalArgumentException if no process can be described by this order
     */
    ProcessSpec spec(StartAttempt order, Path attemptFile, Instant start, Path checkpoint) {
        RunSpec run = order.spec();
        NodeUser user = user(run);
        return ProcessSpec.builder(attemptFile, program(run.exec()))
                .environment(environment(order, user, start))
                .environment("HUFU_CHECKPOINT_DIR", text(checkpoint))
                .workingDirectory(workingDirectory(run, user))
                .user(user.equals(own) ? null : run.user())
                .limits(limits(run.limits().resources()))
                .stdin(run.stdin().toArray())
                .timeout(run.timeout())
                .killGrace(run.killGrace())
                .notAfter(order.expiresAt())
                .outputLimit(run.limits().output())
                .outputPolicy(policy(run.limits().onOutput()))
                // A task has one living attempt at a time (AttemptRegistry sees to it), so its id tells it from all
                // others.
                .marker("HUFU_TASK_ID=" + order.attempt().task())
                .metadata(RecordCodec.cbor().encode(order.attempt()))
                .allowPrivilegeGain(allowPrivilegeGain)
                .build();
    }

    /** Whom the run's processes belong to. */
    NodeUser user(RunSpec run) {
        String named = run.user();
        return named == null || own.isNamed(named) ? own : NodeUser.named(named);
    }

    private static ResourceLimits limits(RunSpec.Resources resources) {
        ResourceLimits limits = ResourceLimits.NONE;
        limits = resources.memory() == null ? limits : limits.withMemoryBytes(resources.memory());
        limits = resources.cpu() == null ? limits : limits.withCpus(resources.cpu());
        limits = resources.pids() == null ? limits : limits.withProcesses(resources.pids());
        return resources.files() == null ? limits : limits.withOpenFiles(resources.files());
    }

    private static OutputPolicy policy(RunSpec.OnOutput onOutput) {
        return switch (onOutput) {
            case TRUNCATE -> OutputPolicy.TRUNCATE;
            case KILL -> OutputPolicy.KILL;
            case BLOCK -> OutputPolicy.BLOCK;
        };
    }

    private static Program program(Execution execution) {
        return switch (execution) {
            case Execution.Argv argv -> new Program.CommandLine(argv.argv());
            case Execution.Script script -> new Program.Script(script.script(), script.interpreter(), script.args());
        };
    }

    private static Map<String, String> environment(StartAttempt order, NodeUser user, Instant start) {
        AttemptId attempt = order.attempt();
        RunSpec run = order.spec();
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("PATH", DEFAULT_PATH);
        environment.put("HOME", user.home());
        environment.put("USER", user.name());
        environment.put("LOGNAME", user.name());
        environment.put("LANG", "C.UTF-8");
        environment.putAll(run.env());
        environment.put("HUFU_RUN_ID", attempt.task().run().value());
        environment.put("HUFU_TASK_ID", attempt.task().toString());
        environment.put("HUFU_ATTEMPT", Integer.toString(attempt.number()));
        if (run.timeout() != null) {
            environment.put("HUFU_DEADLINE", MILLISECONDS.format(start.plus(run.timeout())));
        }
        if (order.traceparent() != null) {
            environment.put("TRACEPARENT", order.traceparent());
        }
        return environment;
    }

    private static Path workingDirectory(RunSpec run, NodeUser user) {
        if (run.cwd() != null) {
            return path(run.cwd());
        }
        Path home = path(user.home());
        return Files.isDirectory(home) ? home : Path.of("/");
    }

    /** The path as text whose UTF-8 it is, also in a locale whose characters it does not fit. */
    private static String text(Path path) {
        String text = path.toUri().getPath();
        return text.length() > 1 && text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    }

    /** The path with this text in UTF-8, also in a locale whose characters the text does not fit. */
    private static Path path(String text) {
        if (!text.startsWith("/")) {
            throw new IllegalArgumentException("the working directory is not absolute");
        }
        StringBuilder escaped = new StringBuilder("file://");
        for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
            boolean plain = octet == '/' || octet == '.' || octet == '-' || octet == '_' || isAlphanumeric(octet);
            if (plain) {
                escaped.append((char) octet);
            } else {
                escaped.append(String.format("%%%02X", octet));
            }
        }
        return Path.of(URI.create(escaped.toString()));
    }

    private static boolean isAlphanumeric(byte octet) {
        return (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z');
    }
}
