package dev.hufu.agent;

import dev.hufu.exec.OutputPolicy;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.Program;
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

    private final NodeUser user;
    private final boolean allowPrivilegeGain;

    ProcessSpecs(NodeUser user, boolean allowPrivilegeGain) {
        this.user = user;
        this.allowPrivilegeGain = allowPrivilegeGain;
    }

    /**
     * @param start when it is started, from which its deadline follows
     * @throws IllegalArgumentException if no process can be described by this order
     */
    ProcessSpec spec(StartAttempt order, Path attemptFile, Instant start) {
        RunSpec run = order.spec();
        return ProcessSpec.builder(attemptFile, program(run.exec()))
                .environment(environment(order, start))
                .workingDirectory(workingDirectory(run))
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

    private Map<String, String> environment(StartAttempt order, Instant start) {
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

    private Path workingDirectory(RunSpec run) {
        if (run.cwd() != null) {
            return path(run.cwd());
        }
        Path home = path(user.home());
        return Files.isDirectory(home) ? home : Path.of("/");
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
