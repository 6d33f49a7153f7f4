package dev.hufu.server.http.view;

import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Outcome.Ending;
import dev.hufu.server.http.json.Json;
import dev.hufu.server.output.TaskOutputs;
import dev.hufu.server.store.AttemptRecord;
import dev.hufu.server.store.TaskRecord;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/** A task as the API shows it. Pure. */
public final class TaskView {
    private TaskView() {}

    public static byte[] render(TaskRecord task, TaskOutputs.Summary output) {
        return Json.write(generator -> write(generator, task, output));
    }

    /** For events, which say how things were: what was written by then is not known any more. */
    public static byte[] renderWithoutOutput(TaskRecord task) {
        return Json.write(generator -> write(generator, task, null));
    }

    public static void write(JsonGenerator generator, TaskRecord task, TaskOutputs.@Nullable Summary output) {
        TaskRecord.Progress progress = task.progress();
        AttemptRecord last = task.currentAttemptRecord();
        Outcome outcome = last == null ? null : last.outcome();
        generator.writeStartObject();
        generator.writeStringProperty("id", task.id().toString());
        generator.writeStringProperty("runId", task.id().run().value());
        generator.writeStringProperty("node", task.node());
        generator.writeStringProperty("state", progress.state().name());
        Json.text(
                generator,
                "reason",
                progress.reason() == null ? null : progress.reason().word());
        Json.text(generator, "message", progress.message());
        ending(generator, outcome);
        spawnError(generator, outcome);
        generator.writeNumberProperty("attempt", progress.attempt());
        generator.writeArrayPropertyStart("attempts");
        for (AttemptRecord attempt : task.attempts()) {
            attempt(generator, attempt);
        }
        generator.writeEndArray();
        Json.time(generator, "createdAt", task.createdAt());
        Json.time(generator, "dispatchedAt", progress.dispatchedAt());
        Json.time(generator, "startedAt", progress.startedAt());
        Json.time(generator, "finishedAt", progress.finishedAt());
        Json.time(generator, "nextAttemptAt", progress.nextAttemptAt());
        usage(generator, outcome);
        if (output != null) {
            output(generator, output);
        }
        generator.writeEndObject();
    }

    private static void attempt(JsonGenerator generator, AttemptRecord attempt) {
        generator.writeStartObject();
        generator.writeNumberProperty("number", attempt.number());
        generator.writeStringProperty("node", attempt.node());
        generator.writeStringProperty("state", attempt.state().name());
        Json.text(
                generator,
                "reason",
                attempt.reason() == null ? null : attempt.reason().word());
        Json.time(generator, "startedAt", attempt.startedAt());
        Json.time(generator, "finishedAt", attempt.finishedAt());
        ending(generator, attempt.outcome());
        usage(generator, attempt.outcome());
        killReport(generator, attempt.outcome());
        generator.writeEndObject();
    }

    private static void ending(JsonGenerator generator, @Nullable Outcome outcome) {
        Ending ending = outcome == null ? null : outcome.ending();
        if (ending instanceof Ending.Exited exited) {
            generator.writeNumberProperty("exitCode", exited.code());
        } else {
            generator.writeNullProperty("exitCode");
        }
        Json.text(generator, "signal", ending instanceof Ending.Signaled signaled ? signaled.signal() : null);
    }

    private static void spawnError(JsonGenerator generator, @Nullable Outcome outcome) {
        if (outcome != null && outcome.ending() instanceof Ending.SpawnFailed failed) {
            generator.writeObjectPropertyStart("spawnError");
            generator.writeStringProperty("errno", failed.errno());
            generator.writeStringProperty("stage", failed.stage());
            generator.writeEndObject();
        } else {
            generator.writeNullProperty("spawnError");
        }
    }

    private static void usage(JsonGenerator generator, @Nullable Outcome outcome) {
        Outcome.Usage usage = outcome == null ? null : outcome.usage();
        if (usage == null) {
            generator.writeNullProperty("usage");
            return;
        }
        generator.writeObjectPropertyStart("usage");
        generator.writeNumberProperty("wallMs", usage.wallMs());
        generator.writeNumberProperty("userMs", usage.userMs());
        generator.writeNumberProperty("systemMs", usage.systemMs());
        generator.writeNumberProperty("maxRssBytes", usage.maxRssBytes());
        generator.writeEndObject();
    }

    private static void killReport(JsonGenerator generator, @Nullable Outcome outcome) {
        Outcome.KillReport report = outcome == null ? null : outcome.killReport();
        if (report == null) {
            generator.writeNullProperty("killReport");
            return;
        }
        generator.writeObjectPropertyStart("killReport");
        generator.writeStringProperty("cause", report.cause());
        if (report.proof().equals(Outcome.KillReport.UNPROVEN)) {
            generator.writeNullProperty("proof");
        } else {
            generator.writeStringProperty("proof", report.proof());
        }
        generator.writeArrayPropertyStart("steps");
        for (Outcome.KillReport.Step step : report.steps()) {
            generator.writeStartObject();
            generator.writeStringProperty("signal", step.signal());
            Json.time(generator, "at", step.at());
            generator.writeNumberProperty("signalled", step.signalled());
            generator.writeNumberProperty("survivors", step.survivors());
            generator.writeEndObject();
        }
        generator.writeEndArray();
        generator.writeNumberProperty("durationMs", report.durationMs());
        generator.writeEndObject();
    }

    private static void output(JsonGenerator generator, TaskOutputs.Summary output) {
        generator.writeObjectPropertyStart("output");
        generator.writeNumberProperty("stdoutBytes", output.stdoutBytes());
        generator.writeNumberProperty("stderrBytes", output.stderrBytes());
        generator.writeBooleanProperty("truncated", output.truncated());
        if (output.stdout() != null && output.stderr() != null) {
            generator.writeStringProperty("stdout", output.stdout());
            generator.writeStringProperty("stderr", output.stderr());
        }
        generator.writeEndObject();
    }
}
