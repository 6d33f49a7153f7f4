package dev.hufu.server.http;

import static dev.hufu.server.http.ApiFixture.MINIMAL;
import static dev.hufu.server.http.ApiFixture.RUNS;
import static dev.hufu.server.http.ApiFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.output.AttemptOutput.Stream;
import dev.hufu.server.run.TaskEvent;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.TaskRecord;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class ReadTest {
    private ApiFixture api;

    @BeforeEach
    void start(@TempDir Path data) throws IOException {
        api = new ApiFixture(data);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private HttpResponse<String> cancel(RunId run) {
        return api.send(api.request(RUNS + "/" + run + "/cancel").POST(BodyPublishers.noBody()));
    }

    private JsonNode task(RunId run) {
        return json(api.get("/api/v1/tasks/" + run + ".0"));
    }

    @Test
    void aTaskThatWaitsHasNothingYet() {
        JsonNode task = task(api.accepted(MINIMAL));
        assertThat(task.get("state").asString()).isEqualTo("PENDING");
        assertThat(task.get("node").asString()).isEqualTo("local");
        assertThat(task.get("attempt").asInt()).isEqualTo(1);
        assertThat(task.get("attempts").isEmpty()).isTrue();
        for (String absent : List.of(
                "reason",
                "message",
                "exitCode",
                "signal",
                "spawnError",
                "dispatchedAt",
                "startedAt",
                "finishedAt",
                "usage")) {
            assertThat(task.has(absent)).as(absent).isTrue();
            assertThat(task.get(absent).isNull()).as(absent).isTrue();
        }
        assertThat(task.get("output").toString())
                .isEqualTo("{\"stdoutBytes\":0,\"stderrBytes\":0,\"truncated\":false}");
    }

    @Test
    void aTaskThatRunsCountsItsOutput() {
        RunId run = api.accepted(MINIMAL);
        AttemptId attempt = api.start(run);
        api.outputs.of(attempt, 4, 2).write(Stream.STDOUT, new byte[10]).write(Stream.STDERR, new byte[3]);
        JsonNode task = task(run);
        assertThat(task.get("state").asString()).isEqualTo("RUNNING");
        assertThat(task.get("startedAt").isNull()).isFalse();
        assertThat(task.get("output").toString())
                .isEqualTo("{\"stdoutBytes\":10,\"stderrBytes\":3,\"truncated\":true}");
        assertThat(json(api.get(RUNS + "/" + run)).get("state").asString()).isEqualTo("RUNNING");
    }

    @Test
    void b39_anExitCodeAndASignalAreToldApart() {
        RunId exited = api.accepted(MINIMAL);
        api.start(exited);
        api.end(exited, new Outcome.Ending.Exited(137), new Outcome.Output(1, 2, false, false));
        RunId killed = api.accepted(MINIMAL);
        api.start(killed);
        api.end(killed, new Outcome.Ending.Signaled("SIGKILL"), Outcome.Output.NONE);
        JsonNode byItself = task(exited);
        assertThat(byItself.get("state").asString()).isEqualTo("FAILED");
        assertThat(byItself.get("reason").asString()).isEqualTo("exit");
        assertThat(byItself.get("exitCode").asInt()).isEqualTo(137);
        assertThat(byItself.get("signal").isNull()).isTrue();
        assertThat(byItself.get("usage").toString())
                .isEqualTo("{\"wallMs\":5,\"userMs\":1,\"systemMs\":2,\"maxRssBytes\":1048576}");
        assertThat(byItself.at("/attempts/0/exitCode").asInt()).isEqualTo(137);
        assertThat(byItself.at("/attempts/0/killReport").isNull()).isTrue();
        JsonNode bySignal = task(killed);
        assertThat(bySignal.get("exitCode").isNull()).isTrue();
        assertThat(bySignal.get("signal").asString()).isEqualTo("SIGKILL");
        assertThat(bySignal.get("reason").asString()).isEqualTo("signal");
    }

    @Test
    void b21_aProgramThatCannotBeStartedSaysWhy() {
        RunId run = api.accepted(MINIMAL);
        api.tasks.apply(run.task(0), new TaskEvent.Leased(api.now()), "server");
        api.tasks.apply(
                run.task(0),
                new TaskEvent.Ended(
                        1,
                        new Outcome(
                                new Outcome.Ending.SpawnFailed("ENOENT", "exec", "No such file or directory: nope"),
                                Outcome.StopCause.NONE,
                                null,
                                api.now(),
                                null,
                                Outcome.Output.NONE,
                                null),
                        api.now()),
                "node:local");
        JsonNode task = task(run);
        assertThat(task.get("state").asString()).isEqualTo("FAILED");
        assertThat(task.get("reason").asString()).isEqualTo("spawn-failed");
        assertThat(task.get("spawnError").toString()).isEqualTo("{\"errno\":\"ENOENT\",\"stage\":\"exec\"}");
        assertThat(task.get("message").asString()).startsWith("No such file or directory");
        assertThat(task.get("startedAt").isNull()).isTrue();
    }

    @Test
    void aKillReportIsShown() {
        RunId run = api.accepted(MINIMAL);
        api.start(run);
        Instant at = Instant.parse("2026-01-02T03:04:05.678Z");
        Outcome.KillReport report = new Outcome.KillReport(
                "deadline", "no-children", List.of(new Outcome.KillReport.Step("SIGTERM", at, 2, 1)), 12);
        api.tasks.apply(
                run.task(0),
                new TaskEvent.Ended(
                        1,
                        new Outcome(
                                new Outcome.Ending.Signaled("SIGTERM"),
                                Outcome.StopCause.DEADLINE,
                                api.now(),
                                api.now(),
                                null,
                                Outcome.Output.NONE,
                                report),
                        api.now()),
                "node:local");
        assertThat(task(run).get("state").asString()).isEqualTo("TIMED_OUT");
        assertThat(task(run).at("/attempts/0/killReport").toString())
                .isEqualTo("{\"cause\":\"deadline\",\"proof\":\"no-children\",\"steps\":[{\"signal\":\"SIGTERM\","
                        + "\"at\":\"2026-01-02T03:04:05.678Z\",\"signalled\":2,\"survivors\":1}],\"durationMs\":12}");
    }

    @Test
    void theShownOutputIsCutAtACharacterAndMended() {
        RunId run = api.accepted(MINIMAL);
        api.outputs
                .of(api.start(run))
                .write(Stream.STDOUT, ("x" + "€".repeat(30_000)).getBytes(StandardCharsets.UTF_8))
                .write(Stream.STDERR, new byte[] {'a', (byte) 0xff, 0, 'b', (byte) 0xe2, (byte) 0x82});
        JsonNode output = json(api.get(RUNS + "/" + run + "?include=tasks")).at("/tasks/0/output");
        assertThat(output.get("stdout").asString()).isEqualTo("x" + "€".repeat(21_845));
        assertThat(output.get("stderr").asString()).isEqualTo("a\ufffd\0b\ufffd");
        assertThat(output.get("stdoutBytes").asLong()).isEqualTo(90_001);
    }

    @Test
    void theShownOutputEndsAtAGap() {
        RunId run = api.accepted(MINIMAL);
        api.outputs.of(api.start(run), 4, 2).write(Stream.STDOUT, "abcdefghij".getBytes(StandardCharsets.UTF_8));
        JsonNode output = json(api.get(RUNS + "/" + run + "?include=tasks")).at("/tasks/0/output");
        assertThat(output.get("stdout").asString()).isEqualTo("abcd");
        assertThat(output.get("truncated").asBoolean()).isTrue();
    }

    @Test
    void cancellingIsIdempotentUntilTheEnd() {
        RunId run = api.accepted(MINIMAL);
        api.start(run);
        HttpResponse<String> first = cancel(run);
        assertThat(first.statusCode()).isEqualTo(202);
        assertThat(json(first).get("cancelRequestedAt").isNull()).isFalse();
        assertThat(cancel(run).statusCode()).isEqualTo(202);
        api.end(run, new Outcome.Ending.Exited(0), Outcome.Output.NONE);
        HttpResponse<String> late = cancel(run);
        assertThat(late.statusCode()).isEqualTo(409);
        assertThat(json(late).get("type").asString()).isEqualTo("urn:hufu:problem:conflict");
        RunId pending = api.accepted(MINIMAL);
        assertThat(json(cancel(pending)).get("state").asString()).isEqualTo("CANCELLED");
        assertThat(cancel(new RunId("01m89zjnk2gwjzyj5ken2jnrm7")).statusCode()).isEqualTo(404);
    }

    @Test
    void cancellingTakesNoFields() {
        RunId run = api.accepted(MINIMAL);
        String path = RUNS + "/" + run + "/cancel";
        HttpResponse<String> refused = api.post(path, "{\"grace\":\"1s\"}".getBytes(StandardCharsets.UTF_8), _ -> {});
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(json(refused).at("/errors/0/pointer").asString()).isEqualTo("/grace");
        assertThat(api.post(path, "{}".getBytes(StandardCharsets.UTF_8), _ -> {})
                        .statusCode())
                .isEqualTo(202);
    }

    private RunId runOf(int tasks) {
        RunRecord model = api.store.run(api.accepted(MINIMAL)).orElseThrow();
        RunId id = new RunId("01m89zjnk2gwjzyj5ken2jnrm7");
        List<TaskRecord> all = new ArrayList<>();
        for (int i = 0; i < tasks; i++) {
            TaskRecord.Progress progress = i % 2 == 0
                    ? TaskRecord.Progress.pending()
                    : new TaskRecord.Progress(TaskState.SUCCEEDED, 1, null, null, null, null, api.now());
            all.add(new TaskRecord(id.task(i), "local", api.now(), api.now(), progress, List.of()));
        }
        api.store.put(
                new RunRecord(
                        id,
                        model.spec(),
                        model.origin(),
                        new RunRecord.Progress(
                                model.progress().state(), null, null, null, Map.of(TaskState.PENDING, tasks))),
                all);
        return id;
    }

    @Test
    void tasksComeInPages() {
        RunId run = runOf(120);
        String path = RUNS + "/" + run + "/tasks";
        JsonNode first = json(api.get(path));
        assertThat(first.get("items").size()).isEqualTo(50);
        assertThat(first.at("/items/0/id").asString()).isEqualTo(run + ".0");
        JsonNode second = json(
                api.get(path + "?limit=70&cursor=" + first.get("nextCursor").asString()));
        assertThat(second.at("/items/0/id").asString()).isEqualTo(run + ".50");
        assertThat(second.at("/items/69/id").asString()).isEqualTo(run + ".119");
        assertThat(second.get("nextCursor").isNull()).isTrue();
        JsonNode succeeded = json(api.get(path + "?state=SUCCEEDED&limit=2"));
        assertThat(succeeded.at("/items/1/id").asString()).isEqualTo(run + ".3");
        JsonNode more = json(api.get(path + "?state=SUCCEEDED&limit=2&cursor="
                + succeeded.get("nextCursor").asString()));
        assertThat(more.at("/items/0/id").asString()).isEqualTo(run + ".5");
        assertThat(json(api.get(RUNS + "/" + run + "?include=tasks"))
                        .get("tasks")
                        .size())
                .isEqualTo(100);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "limit=0",
                "limit=501",
                "limit=1000000000",
                "limit=-1",
                "limit=1e2",
                "limit=",
                "limit=5&limit=6",
                "cursor=x",
                "cursor=AAAAAAAAAAA",
                "cursor=",
                "state=running",
                "state=",
                "offset=1",
                "follow=true",
                "=",
                "%ff=1",
                "a=%4"
            })
    void b17_listParametersOutOfBounds(String query) {
        RunId run = runOf(3);
        assertThat(api.get(RUNS + "/" + run + "/tasks?" + query.replace("%4", "%254"))
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void b17_aCursorFitsItsListOnly() {
        RunId run = runOf(60);
        String path = RUNS + "/" + run + "/tasks";
        String cursor = json(api.get(path)).get("nextCursor").asString();
        HttpResponse<String> refused = api.get(path + "?state=PENDING&cursor=" + cursor);
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(json(refused).at("/errors/0/pointer").asString()).isEqualTo("/cursor");
    }

    @Test
    void unknownParametersAreNamed() {
        RunId run = api.accepted(MINIMAL);
        HttpResponse<String> refused = api.get(RUNS + "/" + run + "?include=output&verbose");
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(json(refused).get("errors").size()).isEqualTo(2);
        assertThat(api.get("/api/v1/tasks/" + run + ".0?x=1").statusCode()).isEqualTo(400);
        assertThat(api.get("/healthz?x=1").statusCode()).isEqualTo(400);
    }

    @Test
    void whatIsNotThereIsNotFound() {
        String missing = "01m89zjnk2gwjzyj5ken2jnrm7";
        for (String path : List.of(
                RUNS + "/" + missing,
                RUNS + "/" + missing + "/tasks",
                "/api/v1/tasks/" + missing + ".0",
                "/api/v1/tasks/" + missing + ".0/output")) {
            HttpResponse<String> answer = api.get(path);
            assertThat(answer.statusCode()).as(path).isEqualTo(404);
            assertThat(json(answer).get("type").asString()).isEqualTo("urn:hufu:problem:not-found");
        }
    }
}
