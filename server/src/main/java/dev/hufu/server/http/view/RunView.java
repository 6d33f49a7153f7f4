package dev.hufu.server.http.view;

import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.Execution;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.http.json.Json;
import dev.hufu.server.output.TaskOutputs;
import dev.hufu.server.run.Submissions;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.TaskRecord;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/** A run as the API shows it: what was ordered with every default filled in, and how far it has come. */
public final class RunView {
    /** A task with what is shown of its output. */
    public record TaskWithOutput(TaskRecord task, TaskOutputs.Summary output) {}

    private RunView() {}

    public static byte[] render(RunRecord run) {
        return Json.write(generator -> write(generator, run, null));
    }

    public static byte[] render(RunRecord run, List<TaskWithOutput> tasks) {
        return Json.write(generator -> write(generator, run, tasks));
    }

    public static void write(JsonGenerator generator, RunRecord run) {
        write(generator, run, null);
    }

    private static void write(JsonGenerator generator, RunRecord run, @Nullable List<TaskWithOutput> tasks) {
        RunSpec spec = run.spec();
        RunRecord.Origin origin = run.origin();
        RunRecord.Progress progress = run.progress();
        generator.writeStartObject();
        generator.writeStringProperty("id", run.id().value());
        generator.writeStringProperty("state", progress.state().name());
        generator.writeNullProperty("command");
        generator.writeNullProperty("params");
        execution(generator, spec.exec());
        targets(generator);
        Json.time(generator, "createdAt", origin.createdAt());
        Json.time(generator, "startedAt", progress.startedAt());
        Json.time(generator, "finishedAt", progress.finishedAt());
        generator.writeStringProperty("createdBy", origin.createdBy());
        texts(generator, "labels", spec.labels());
        counts(generator, progress.counts());
        Json.time(generator, "cancelRequestedAt", progress.cancelRequestedAt());
        Json.id(generator, "retryOf", origin.retryOf());
        generator.writeStringProperty("traceId", origin.traceId());
        texts(generator, "env", spec.env());
        Json.text(generator, "cwd", spec.cwd());
        standardInput(generator, spec.stdin());
        Json.text(generator, "user", spec.user());
        duration(generator, "timeoutMs", spec.timeout());
        duration(generator, "killGraceMs", spec.killGrace());
        duration(generator, "expiresAfterMs", spec.expiresAfter());
        retry(generator, spec.retry());
        limits(generator, spec.limits());
        generator.writeStringProperty("sandbox", "none");
        generator.writeNumberProperty("priority", spec.priority());
        generator.writeArrayPropertyStart("callbacks");
        generator.writeEndArray();
        if (tasks != null) {
            generator.writeArrayPropertyStart("tasks");
            for (TaskWithOutput each : tasks) {
                TaskView.write(generator, each.task(), each.output());
            }
            generator.writeEndArray();
        }
        generator.writeEndObject();
    }

    private static void execution(JsonGenerator generator, Execution execution) {
        generator.writeObjectPropertyStart("exec");
        switch (execution) {
            case Execution.Argv argv -> strings(generator, "argv", argv.argv());
            case Execution.Script script -> {
                generator.writeStringProperty("script", script.script());
                strings(generator, "interpreter", script.interpreter());
                strings(generator, "args", script.args());
            }
        }
        generator.writeEndObject();
    }

    private static void targets(JsonGenerator generator) {
        generator.writeObjectPropertyStart("targets");
        strings(generator, "nodes", List.of(Submissions.LOCAL_NODE));
        generator.writeNullProperty("where");
        generator.writeEndObject();
    }

    private static void counts(JsonGenerator generator, Map<TaskState, Integer> counts) {
        int total = 0;
        for (int count : counts.values()) {
            total += count;
        }
        generator.writeObjectPropertyStart("counts");
        generator.writeNumberProperty("total", total);
        counts.forEach((state, count) -> generator.writeNumberProperty(countName(state), count));
        generator.writeEndObject();
    }

    private static String countName(TaskState state) {
        return switch (state) {
            case PENDING -> "pending";
            case DISPATCHED -> "dispatched";
            case RUNNING -> "running";
            case RETRYING -> "retrying";
            case SUCCEEDED -> "succeeded";
            case FAILED -> "failed";
            case TIMED_OUT -> "timedOut";
            case CANCELLED -> "cancelled";
            case EXPIRED -> "expired";
            case LOST -> "lost";
        };
    }

    private static void standardInput(JsonGenerator generator, Bytes stdin) {
        generator.writeObjectPropertyStart("stdin");
        byte[] bytes = stdin.toArray();
        String text = text(bytes);
        if (text == null) {
            generator.writeBinaryProperty("base64", bytes);
        } else {
            generator.writeStringProperty("text", text);
        }
        generator.writeEndObject();
    }

    private static @Nullable String text(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException binary) {
            return null;
        }
    }

    private static void retry(JsonGenerator generator, RunSpec.@Nullable Retry retry) {
        if (retry == null) {
            generator.writeNullProperty("retry");
            return;
        }
        generator.writeObjectPropertyStart("retry");
        generator.writeNumberProperty("maxAttempts", retry.maxAttempts());
        duration(generator, "backoffMs", retry.backoff());
        duration(generator, "maxBackoffMs", retry.maxBackoff());
        strings(
                generator,
                "on",
                retry.on().stream()
                        .map(each -> each.name().toLowerCase(Locale.ROOT))
                        .toList());
        generator.writeEndObject();
    }

    private static void limits(JsonGenerator generator, RunSpec.Limits limits) {
        generator.writeObjectPropertyStart("limits");
        generator.writeNumberProperty("output", limits.output());
        generator.writeStringProperty("onOutput", onOutput(limits.onOutput()));
        RunSpec.Resources resources = limits.resources();
        number(generator, "memory", resources.memory());
        if (resources.cpu() == null) {
            generator.writeNullProperty("cpu");
        } else {
            generator.writeNumberProperty("cpu", resources.cpu());
        }
        number(generator, "pids", resources.pids());
        number(generator, "files", resources.files());
        generator.writeEndObject();
    }

    private static void number(JsonGenerator generator, String name, @Nullable Number value) {
        if (value == null) {
            generator.writeNullProperty(name);
        } else {
            generator.writeNumberProperty(name, value.longValue());
        }
    }

    private static String onOutput(RunSpec.OnOutput onOutput) {
        return switch (onOutput) {
            case TRUNCATE -> "truncate";
            case KILL -> "kill";
            case BLOCK -> "block";
        };
    }

    private static void duration(JsonGenerator generator, String name, @Nullable Duration duration) {
        if (duration == null) {
            generator.writeNullProperty(name);
        } else {
            generator.writeNumberProperty(name, duration.toMillis());
        }
    }

    private static void texts(JsonGenerator generator, String name, Map<String, String> texts) {
        generator.writeObjectPropertyStart(name);
        texts.forEach(generator::writeStringProperty);
        generator.writeEndObject();
    }

    private static void strings(JsonGenerator generator, String name, List<String> strings) {
        generator.writeArrayPropertyStart(name);
        strings.forEach(generator::writeString);
        generator.writeEndArray();
    }
}
