package dev.hufu.server.http;

import static dev.hufu.server.http.ApiFixture.MINIMAL;
import static dev.hufu.server.http.ApiFixture.RUNS;
import static dev.hufu.server.http.ApiFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunState;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.TaskRecord;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class RetryTest {
    @TempDir
    private Path data;

    private ApiFixture api;

    @BeforeEach
    void start() throws IOException {
        api = new ApiFixture(data);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private HttpResponse<String> retry(RunId run, String... headers) {
        var request = api.request(RUNS + "/" + run + "/retry").POST(BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return api.send(request);
    }

    private RunId failed(String body) {
        RunId run = api.accepted(body);
        api.start(run);
        api.end(run, new Outcome.Ending.Exited(1), Outcome.Output.NONE);
        return run;
    }

    private static void assertProblem(HttpResponse<String> answer, int status, String code) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(json(answer).get("type").asString()).isEqualTo("urn:hufu:problem:" + code);
    }

    @Test
    void whatWaitedForAReaderThatIsGoneDoesNotWaitForItAgain() {
        RunId old = failed("{\"exec\":{\"argv\":[\"false\"]},\"limits\":{\"output\":\"1MiB\",\"onOutput\":\"block\"}}");
        JsonNode run = json(retry(old));
        assertThat(run.at("/limits/onOutput").asString()).isEqualTo("truncate");
        assertThat(run.at("/limits/output").asLong()).isEqualTo(1 << 20);
    }

    @Test
    void theSameOrderIsMadeAgain() {
        RunId old = failed("{\"exec\":{\"argv\":[\"false\"]},\"labels\":{\"a\":\"b\"},\"priority\":-3,\"stdin\":\"x\","
                + "\"timeout\":\"none\",\"expiresAfter\":\"1m\"}");
        HttpResponse<String> answer = retry(old);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        JsonNode run = json(answer);
        RunId id = new RunId(run.get("id").asString());
        assertThat(answer.headers().firstValue("Location")).contains(RUNS + "/" + id);
        assertThat(run.get("retryOf").asString()).isEqualTo(old.value());
        assertThat(run.get("state").asString()).isEqualTo("PENDING");
        assertThat(run.at("/counts/total").asInt()).isEqualTo(1);
        assertThat(run.get("priority").asInt()).isEqualTo(-3);
        assertThat(api.store.run(id).orElseThrow().spec())
                .isEqualTo(api.store.run(old).orElseThrow().spec());
        assertThat(api.get(RUNS + "/" + id).body()).isEqualTo(answer.body());
        assertThat(json(api.get(RUNS + "/" + old)).get("retryOf").isNull()).isTrue();
        assertThat(api.store.task(id.task(0)).orElseThrow().expiresAt())
                .isEqualTo(id.time().plusSeconds(60));
        AuditEvent audit = api.store.audit().getLast();
        assertThat(audit.action()).isEqualTo("run.submitted");
        assertThat(audit.subject()).isEqualTo(id.value());
        assertThat(audit.actor()).isEqualTo("admin");
        assertThat(audit.detail()).containsEntry("retryOf", old.value());
    }

    @Test
    void onlyTheTasksThatDidNotSucceedAreOrdered() {
        RunRecord model = api.store.run(api.accepted(MINIMAL)).orElseThrow();
        RunId old = new RunId("01m89zjnk2gwjzyj5ken2jnrm7");
        List<TaskState> states = List.of(
                TaskState.SUCCEEDED,
                TaskState.FAILED,
                TaskState.TIMED_OUT,
                TaskState.SUCCEEDED,
                TaskState.CANCELLED,
                TaskState.EXPIRED,
                TaskState.LOST);
        List<TaskRecord> tasks = new ArrayList<>();
        for (TaskState state : states) {
            tasks.add(new TaskRecord(
                    old.task(tasks.size()),
                    "node-" + tasks.size(),
                    api.now(),
                    api.now(),
                    new TaskRecord.Progress(state, 1, Reason.EXIT, null, api.now(), null, api.now()),
                    List.of()));
        }
        api.store.put(
                new RunRecord(
                        old,
                        model.spec(),
                        model.origin(),
                        new RunRecord.Progress(
                                RunState.CANCELLED,
                                api.now(),
                                api.now(),
                                null,
                                Map.of(TaskState.SUCCEEDED, 2, TaskState.CANCELLED, 5))),
                tasks);
        RunId id = new RunId(json(retry(old)).get("id").asString());
        assertThat(api.store.tasks(id, null, 0, 100))
                .extracting(TaskRecord::node)
                .containsExactly("node-1", "node-2", "node-4", "node-5", "node-6");
        assertThat(api.store.tasks(id, null, 0, 100))
                .extracting(task -> task.id().index())
                .containsExactly(0, 1, 2, 3, 4);
        assertThat(json(api.get(RUNS + "/" + id)).at("/counts/pending").asInt()).isEqualTo(5);
    }

    @Test
    void whatDoesNotAllowItConflicts() {
        RunId open = api.accepted(MINIMAL);
        assertProblem(retry(open), 409, "conflict");
        api.start(open);
        assertProblem(retry(open), 409, "conflict");
        api.end(open, new Outcome.Ending.Exited(0), Outcome.Output.NONE);
        assertProblem(retry(open), 409, "conflict");
        assertProblem(retry(new RunId("01m89zjnk2gwjzyj5ken2jnrm7")), 404, "not-found");
        assertThat(api.store.size()).isEqualTo(1);
    }

    @Test
    void aKeyIsHonouredForThisRetryOnly() {
        RunId first = failed(MINIMAL);
        RunId second = failed(MINIMAL);
        HttpResponse<String> made = retry(first, "Idempotency-Key", "k");
        HttpResponse<String> again = retry(first, "Idempotency-Key", "k");
        assertThat(again.statusCode()).isEqualTo(202);
        assertThat(again.body()).isEqualTo(made.body());
        assertThat(again.headers().firstValue("Idempotent-Replayed")).contains("true");
        assertThat(again.headers().firstValue("Location"))
                .isEqualTo(made.headers().firstValue("Location"));
        assertProblem(retry(second, "Idempotency-Key", "k"), 422, "idempotency-key-reused");
        assertProblem(api.submit(MINIMAL, "Idempotency-Key", "k"), 422, "idempotency-key-reused");
        api.submit(MINIMAL, "Idempotency-Key", "s");
        assertProblem(retry(first, "Idempotency-Key", "s"), 422, "idempotency-key-reused");
        assertProblem(retry(first, "Idempotency-Key", ""), 400, "invalid-request");
    }

    @Test
    void waitingIsHonoured() {
        RunId old = failed(MINIMAL);
        HttpResponse<String> answer = retry(old, "Prefer", "wait=0");
        assertThat(answer.statusCode()).isEqualTo(202);
        assertThat(answer.headers().firstValue("Preference-Applied")).contains("wait=0");
        assertThat(json(answer).at("/tasks/0/state").asString()).isEqualTo("PENDING");
        assertProblem(retry(old, "Prefer", "wait=x"), 400, "invalid-request");
    }

    @Test
    void itTakesNoFieldsAndNoParameters() {
        RunId old = failed(MINIMAL);
        String path = RUNS + "/" + old + "/retry";
        HttpResponse<String> field = api.post(path, "{\"tasks\":[0]}".getBytes(StandardCharsets.UTF_8), _ -> {});
        assertProblem(field, 400, "invalid-request");
        assertThat(json(field).at("/errors/0/pointer").asString()).isEqualTo("/tasks");
        assertProblem(api.post(path + "?all=true", new byte[0], _ -> {}), 400, "invalid-request");
        assertThat(api.post(path, "{}".getBytes(StandardCharsets.UTF_8), _ -> {})
                        .statusCode())
                .isEqualTo(202);
        assertThat(api.get(path).statusCode()).isEqualTo(405);
    }

    @Test
    void aFullQueueAndADrainRefuseIt() throws IOException {
        RunId old = failed(MINIMAL);
        api.submissions.drain();
        assertProblem(retry(old), 503, "draining");
        try (ApiFixture small = new ApiFixture(data, HttpConfig.DEFAULT_IDLE_TIMEOUT, 1)) {
            RunId ended = small.accepted(MINIMAL);
            small.start(ended);
            small.end(ended, new Outcome.Ending.Exited(1), Outcome.Output.NONE);
            small.accepted(MINIMAL);
            HttpResponse<String> refused =
                    small.send(small.request(RUNS + "/" + ended + "/retry").POST(BodyPublishers.noBody()));
            assertProblem(refused, 429, "queue-full");
            assertThat(refused.headers().firstValue("Retry-After")).isPresent();
        }
    }
}
