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
import dev.hufu.server.run.NodeAbilities;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@Timeout(60)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class ExecTest {
    private static final String EXEC = "/api/v1/exec";

    private ApiFixture api;

    @BeforeEach
    void start(@TempDir Path data) throws IOException {
        api = new ApiFixture(data, HttpConfig.DEFAULT_IDLE_TIMEOUT, 2);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private Listener exec(String body, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request =
                api.request(EXEC).header("Content-Type", "application/json").POST(BodyPublishers.ofString(body));
        return new Listener(headers.length == 0 ? request : request.headers(headers));
    }

    private static RunId run(Listener listener) throws IOException {
        JsonNode run = listener.frame().get("run");
        RunId id = new RunId(run.get("id").asString());
        assertThat(run.get("taskId").asString()).isEqualTo(id + ".0");
        return id;
    }

    private FakeOutputStore.Written started(RunId run) {
        FakeOutputStore.Written written = api.outputs.of(new AttemptId(run.task(0), 1));
        api.start(run);
        return written;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void end(RunId run, long stdout) {
        api.end(run, new Outcome.Ending.Exited(3), new Outcome.Output(stdout, 0, false, false));
    }

    private AttemptId stopped() throws InterruptedException {
        AttemptId attempt = api.stopped.poll(3, TimeUnit.SECONDS);
        if (attempt == null) {
            throw new AssertionError("nothing was stopped within 3 s");
        }
        return attempt;
    }

    @Test
    void theRunThenItsOutputThenItsEnd() throws Exception {
        try (Listener listener = exec(MINIMAL)) {
            assertThat(listener.response().statusCode()).isEqualTo(200);
            assertThat(listener.header("Content-Type")).isEqualTo("application/x-ndjson");
            RunId run = run(listener);
            assertThat(listener.header("Location")).isEqualTo(RUNS + "/" + run);
            started(run).write(Stream.STDOUT, bytes("hello\n"));
            assertThat(listener.frame().get("text").asString()).isEqualTo("hello\n");
            end(run, 6);
            List<JsonNode> rest = listener.frames();
            assertThat(rest).hasSize(1);
            assertThat(rest.getFirst().get("exit")).isEqualTo(json(api.get("/api/v1/tasks/" + run + ".0")));
            assertThat(rest.getFirst().at("/exit/exitCode").asInt()).isEqualTo(3);
        }
        assertThat(api.stopped).isEmpty();
    }

    @Test
    void whereTheProcessCannotBeMadeToWaitThatIsSaidAndWhoAsksForLessGetsIt() throws Exception {
        api.abilities = NodeAbilities.of(Map.of("launcherCapabilities", "resource-usage"));
        HttpResponse<String> refused = api.send(
                api.request(EXEC).header("Content-Type", "application/json").POST(BodyPublishers.ofString(MINIMAL)));
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(json(refused).at("/errors/0/pointer").asString()).isEqualTo("/limits/onOutput");
        assertThat(json(refused).at("/errors/0/detail").asString()).contains("block", "ask for truncate");
        assertThat(json(api.get(RUNS)).get("items")).as("nothing was started").isEmpty();

        String truncated = "{\"exec\":{\"argv\":[\"true\"]},\"limits\":{\"onOutput\":\"truncate\"}}";
        try (Listener listener = exec(truncated)) {
            assertThat(listener.response().statusCode()).isEqualTo(200);
            RunId run = run(listener);
            started(run);
            end(run, 0);
            assertThat(listener.frames().getLast().at("/exit/exitCode").asInt()).isEqualTo(3);
        }
    }

    @Test
    void aRunThatWaitsForItsTurnHasHeartbeats() throws Exception {
        try (Listener listener = exec(MINIMAL)) {
            RunId run = run(listener);
            assertThat(listener.line()).isEmpty();
            api.send(api.request(RUNS + "/" + run + "/cancel").POST(BodyPublishers.noBody()));
            assertThat(listener.frames().getLast().at("/exit/state").asString()).isEqualTo("CANCELLED");
        }
    }

    @Test
    void itsOutputWaitsForTheCallerByDefault() throws Exception {
        try (Listener listener = exec(MINIMAL)) {
            RunId run = run(listener);
            FakeOutputStore.Written written = started(run);
            written.write(Stream.STDOUT, bytes("abc"));
            assertThat(api.progress.next()).isEqualTo("local 1 3,0");
            written.write(Stream.STDERR, new byte[300_000]);
            assertThat(api.progress.next()).startsWith("local 1 3,");
            end(run, 3);
            listener.frames();
        }
    }

    @Test
    void aReaderOfOneStreamCountsAsReaderOfTheOther() throws Exception {
        try (Listener caller = exec(MINIMAL)) {
            RunId run = run(caller);
            FakeOutputStore.Written written = started(run);
            written.write(Stream.STDOUT, bytes("abc"));
            assertThat(api.progress.next()).isEqualTo("local 1 3,0");
            try (Listener _ =
                    new Listener(api.request("/api/v1/tasks/" + run + ".0/output?follow=true&stream=stderr"))) {
                assertThat(api.progress.next()).isEqualTo("local 1 3,0");
            }
            end(run, 3);
            caller.frames();
        }
    }

    @Test
    void aCallerWhoLeavesCancelsTheRunWithin3Seconds() throws Exception {
        RunId run;
        try (Listener listener = exec(MINIMAL)) {
            run = run(listener);
            started(run);
        }
        assertThat(stopped()).isEqualTo(new AttemptId(run.task(0), 1));
        api.awaitNoStreams();
        assertThat(api.store.audit().stream().filter(each -> each.action().equals("run.cancel-requested")))
                .hasSize(1);
    }

    @Test
    void aCallerWhoLeavesWhileItWaitsCancelsTheRun() throws Exception {
        RunId run;
        try (Listener listener = exec(MINIMAL)) {
            run = run(listener);
        }
        api.awaitNoStreams();
        assertThat(api.waits
                        .awaitEnd(run, Duration.ofSeconds(3))
                        .orElseThrow()
                        .progress()
                        .count(TaskState.CANCELLED))
                .isEqualTo(1);
    }

    @Test
    void aCallerWhoLeavesWhileHeDoesNotReadCancelsTheRun() throws Exception {
        RunId run;
        try (Socket caller = new Socket(InetAddress.getLoopbackAddress(), api.server.port())) {
            caller.getOutputStream()
                    .write(bytes("POST /api/v1/exec HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + api.token
                            + "\r\nContent-Type: application/json\r\nContent-Length: " + MINIMAL.length() + "\r\n\r\n"
                            + MINIMAL));
            run = api.store.awaitRun();
            started(run).write(Stream.STDOUT, new byte[32 << 20]);
            assertThat(api.stopped.poll(200, TimeUnit.MILLISECONDS)).isNull();
        }
        assertThat(stopped()).isEqualTo(new AttemptId(run.task(0), 1));
        api.awaitNoStreams();
    }

    @Test
    void refusalsAreProblemsAndNothingIsStarted() throws Exception {
        assertThat(api.post(EXEC, bytes("{\"exec\":{\"argv\":[]}}"), _ -> {}).statusCode())
                .isEqualTo(400);
        assertThat(api.post(EXEC + "?wait=1", bytes(MINIMAL), _ -> {}).statusCode())
                .isEqualTo(400);
        assertThat(api.post(EXEC, bytes(MINIMAL), request -> request.header("Accept", "text/event-stream"))
                        .statusCode())
                .isEqualTo(400);
        assertThat(api.post(EXEC, bytes("{\"exec\":{\"argv\":[\"true\"]},\"env\":{\"LD_PRELOAD\":\"x\"}}"), _ -> {})
                        .statusCode())
                .isEqualTo(403);
        assertThat(api.store.size()).isZero();
        api.submit(MINIMAL);
        api.submit(MINIMAL);
        assertThat(api.post(EXEC, bytes(MINIMAL), _ -> {}).statusCode()).isEqualTo(429);
        api.submissions.drain();
        assertThat(json(api.post(EXEC, bytes(MINIMAL), _ -> {})).get("type").asString())
                .isEqualTo("urn:hufu:problem:draining");
        assertThat(api.store.size()).isEqualTo(2);
    }

    @Test
    void theSameKeyGivesTheSameRunFromItsBeginning() throws Exception {
        RunId run;
        try (Listener listener = exec(MINIMAL, "Idempotency-Key", "k")) {
            run = run(listener);
            started(run).write(Stream.STDOUT, bytes("once"));
            try (Listener again = exec(MINIMAL, "Idempotency-Key", "k")) {
                assertThat(again.header("Idempotent-Replayed")).isEqualTo("true");
                assertThat(run(again)).isEqualTo(run);
                assertThat(again.frame().get("text").asString()).isEqualTo("once");
                end(run, 4);
                assertThat(again.frames()).hasSize(1);
            }
            listener.frames();
        }
        assertThat(api.submit(MINIMAL, "Idempotency-Key", "k").statusCode()).isEqualTo(422);
        assertThat(api.store.size()).isEqualTo(1);
    }

    @Test
    void atTheEndOfADrainTheCallerIsToldAndTheRunGoesOn() throws Exception {
        try (Listener listener = exec(MINIMAL)) {
            RunId run = run(listener);
            FakeOutputStore.Written written = started(run);
            api.submissions.drain();
            Thread drain = Thread.ofPlatform().start(() -> {
                try {
                    api.server.drain(Duration.ofMillis(500));
                } catch (InterruptedException hurried) {
                    Thread.currentThread().interrupt();
                }
            });
            written.write(Stream.STDOUT, bytes("served still"));
            assertThat(listener.frame().get("text").asString()).isEqualTo("served still");
            assertThat(listener.frame().at("/error/type").asString()).isEqualTo("urn:hufu:problem:draining");
            assertThat(listener.frames()).isEmpty();
            drain.join();
            assertThat(api.stopped).isEmpty();
            assertThat(api.store.task(run.task(0)).orElseThrow().state()).isEqualTo(TaskState.RUNNING);
        }
    }
}
