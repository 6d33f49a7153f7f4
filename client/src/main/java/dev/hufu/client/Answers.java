package dev.hufu.client;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.Execution;
import dev.hufu.protocol.ProcessList;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunState;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The answers of the API as records. Pure. */
final class Answers {
    private static final String PROBLEM_PREFIX = "urn:hufu:problem:";

    private Answers() {}

    static Run run(Json json) {
        return new Run(
                json.required("id", RunId::new),
                json.required("state", RunState::valueOf),
                json.optionalObject("exec", Answers::execution),
                json.required("createdAt", Instant::parse),
                json.optionalInstant("startedAt"),
                json.optionalInstant("finishedAt"),
                json.optionalText("createdBy"),
                json.textMap("labels"),
                json.numberMap("counts"),
                json.optionalInstant("cancelRequestedAt"),
                json.optional("retryOf", RunId::new),
                json.optionalText("traceId"),
                json.objects("tasks", Answers::task));
    }

    static Task task(Json json) {
        return new Task(
                json.required("id", Answers::taskId),
                json.required("runId", RunId::new),
                json.text("node"),
                json.required("state", TaskState::valueOf),
                json.optionalText("reason"),
                json.optionalText("message"),
                json.optionalInteger("exitCode"),
                json.optionalText("signal"),
                json.optionalObject(
                        "spawnError", error -> new Task.SpawnError(error.text("errno"), error.text("stage"))),
                json.present("attempt") ? json.integer("attempt") : 0,
                json.objects("attempts", Answers::attempt),
                json.required("createdAt", Instant::parse),
                json.optionalInstant("startedAt"),
                json.optionalInstant("finishedAt"),
                json.optionalInstant("nextAttemptAt"),
                json.optionalObject("usage", Answers::usage),
                json.optionalObject("output", Answers::written));
    }

    static HufuException.Problem problem(int status, byte[] body, @Nullable Duration retryAfter) {
        try {
            return problem(Json.object(body), status, retryAfter);
        } catch (HufuException.Unintelligible notAProblem) {
            // Proxies answer in their own ways, and of a body refused early nothing can be read; the status says
            // enough.
            ErrorKind kind = kindOf(status);
            String detail = kind == null ? "HTTP status " + status : kind.title() + " (HTTP status " + status + ")";
            return new HufuException.Problem(status, kind, detail, List.of(), null, retryAfter);
        }
    }

    /** A problem that came in place of the rest of an answer. */
    static HufuException.Problem problem(Json json) {
        return problem(json, json.present("status") ? json.integer("status") : 0, null);
    }

    private static HufuException.Problem problem(Json json, int status, @Nullable Duration retryAfter) {
        String type = json.optionalText("type");
        String title = json.optionalText("title");
        String detail = json.optionalText("detail");
        return new HufuException.Problem(
                status,
                type == null || !type.startsWith(PROBLEM_PREFIX)
                        ? null
                        : ErrorKind.of(type.substring(PROBLEM_PREFIX.length())).orElse(null),
                detail != null ? detail : title != null ? title : "HTTP status " + status,
                json.objects(
                        "errors", error -> new HufuException.FieldError(error.text("pointer"), error.text("detail"))),
                json.optionalText("traceId"),
                retryAfter);
    }

    private static @Nullable ErrorKind kindOf(int status) {
        return switch (status) {
            case 401 -> ErrorKind.UNAUTHENTICATED;
            case 413 -> ErrorKind.PAYLOAD_TOO_LARGE;
            default -> null;
        };
    }

    private static Execution execution(Json json) {
        return json.present("script")
                ? new Execution.Script(json.text("script"), json.texts("interpreter"), json.texts("args"))
                : new Execution.Argv(json.texts("argv"));
    }

    static Node node(Json json) {
        return new Node(
                json.text("name"),
                json.text("state"),
                json.textMap("labels"),
                json.anyMap("facts"),
                json.optionalText("agentVersion"),
                json.number("running"),
                json.number("capacity"),
                json.optionalInstant("lastSeenAt"));
    }

    static ProcessList processes(Json json) {
        return new ProcessList(
                json.required("takenAt", Instant::parse),
                json.objects("processes", Answers::process),
                json.flag("truncated"));
    }

    private static ProcessList.Item process(Json json) {
        return new ProcessList.Item(
                json.number("pid"),
                json.number("parentPid"),
                json.text("name"),
                json.texts("argv"),
                json.flag("argvTruncated"),
                json.required("state", ProcessList.State::valueOf),
                json.number("userMs"),
                json.number("systemMs"),
                json.present("rssBytes") ? json.number("rssBytes") : null,
                json.integer("threads"),
                json.optionalText("waitsOn"),
                json.present("kernelStack") ? json.texts("kernelStack") : null);
    }

    static TaskId taskId(String text) {
        return TaskId.parse(text).orElseThrow(() -> new IllegalArgumentException("not a task id"));
    }

    private static Attempt attempt(Json json) {
        return new Attempt(
                json.integer("number"),
                json.text("node"),
                json.required("state", TaskState::valueOf),
                json.optionalText("reason"),
                json.optionalInstant("startedAt"),
                json.optionalInstant("finishedAt"),
                json.optionalInteger("exitCode"),
                json.optionalText("signal"),
                json.optionalObject("usage", Answers::usage),
                json.optionalObject(
                        "killReport",
                        report -> new Attempt.KillReport(
                                report.text("cause"),
                                report.optionalText("proof"),
                                report.objects("steps", Answers::step),
                                report.number("durationMs"))));
    }

    private static Attempt.KillReport.Step step(Json json) {
        return new Attempt.KillReport.Step(
                json.text("signal"),
                json.required("at", Instant::parse),
                json.integer("signalled"),
                json.integer("survivors"));
    }

    private static Task.Usage usage(Json json) {
        return new Task.Usage(
                json.number("wallMs"), json.number("userMs"), json.number("systemMs"), json.number("maxRssBytes"));
    }

    private static Task.Written written(Json json) {
        return new Task.Written(
                json.number("stdoutBytes"),
                json.number("stderrBytes"),
                json.flag("truncated"),
                json.optionalText("stdout"),
                json.optionalText("stderr"));
    }
}
