package dev.hufu.server.http;

import static dev.hufu.server.http.ApiFixture.MINIMAL;
import static dev.hufu.server.http.ApiFixture.RUNS;
import static dev.hufu.server.http.ApiFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.Execution;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.RunId;
import dev.hufu.server.output.AttemptOutput.Stream;
import dev.hufu.support.Threads;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class SubmitTest {
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

    private static void assertProblem(HttpResponse<String> answer, int status, String code) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(json(answer).get("type").asString()).isEqualTo("urn:hufu:problem:" + code);
        assertThat(json(answer).get("status").asInt()).isEqualTo(status);
        assertThat(json(answer).get("traceId").asString()).matches("[0-9a-f]{32}");
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited 30 s in vain").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    /** Ends the first run that is accepted, as a node would. */
    private CompletableFuture<Void> endTheFirstRun(String output) {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        Threads.virtual("node", () -> {
                    try {
                        await(() -> api.store.newestRun().isPresent());
                        RunId run = api.store.newestRun().orElseThrow();
                        api.outputs.of(api.start(run)).write(Stream.STDOUT, output.getBytes(StandardCharsets.UTF_8));
                        api.end(
                                run,
                                new Outcome.Ending.Exited(0),
                                new Outcome.Output(output.length(), 0, false, false));
                        ended.complete(null);
                    } catch (RuntimeException | AssertionError failed) {
                        ended.completeExceptionally(failed);
                    }
                })
                .start();
        return ended;
    }

    @Test
    void aRunIsAcceptedAndCanBeReadAtOnce() {
        HttpResponse<String> accepted = api.submit(MINIMAL);
        assertThat(accepted.statusCode()).isEqualTo(202);
        String id = json(accepted).get("id").asString();
        assertThat(accepted.headers().firstValue("Location")).contains(RUNS + "/" + id);
        assertThat(accepted.headers().firstValue("Content-Type")).contains("application/json");
        assertThat(accepted.headers().firstValue("Cache-Control")).contains("no-store");
        HttpResponse<String> read = api.get(RUNS + "/" + id);
        assertThat(read.statusCode()).isEqualTo(200);
        assertThat(read.body()).isEqualTo(accepted.body());
    }

    @Test
    void theAnswerHasEveryEffectiveValue() {
        JsonNode run = json(api.submit(MINIMAL));
        assertThat(run.get("state").asString()).isEqualTo("PENDING");
        assertThat(run.get("createdBy").asString()).isEqualTo("admin");
        assertThat(run.get("createdAt").asString()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
        assertThat(run.at("/exec/argv/0").asString()).isEqualTo("true");
        assertThat(run.at("/targets/nodes").toString()).isEqualTo("[\"local\"]");
        assertThat(run.at("/counts/total").asInt()).isEqualTo(1);
        assertThat(run.at("/counts/pending").asInt()).isEqualTo(1);
        assertThat(run.at("/counts/timedOut").asInt()).isZero();
        assertThat(run.get("timeoutMs").asLong()).isEqualTo(3_600_000);
        assertThat(run.get("killGraceMs").asLong()).isEqualTo(5_000);
        assertThat(run.get("expiresAfterMs").asLong()).isEqualTo(86_400_000);
        assertThat(run.at("/limits/output").asLong()).isEqualTo(16 << 20);
        assertThat(run.at("/limits/onOutput").asString()).isEqualTo("truncate");
        assertThat(run.get("stdin").toString()).isEqualTo("{\"text\":\"\"}");
        assertThat(run.get("priority").asInt()).isZero();
        assertThat(run.get("sandbox").asString()).isEqualTo("none");
        for (String absent :
                List.of("command", "params", "cwd", "user", "retry", "retryOf", "startedAt", "finishedAt")) {
            assertThat(run.has(absent)).as(absent).isTrue();
            assertThat(run.get(absent).isNull()).as(absent).isTrue();
        }
        JsonNode none =
                json(api.submit("{\"exec\":{\"script\":\"\"},\"timeout\":\"none\",\"stdin\":{\"base64\":\"/w==\"}}"));
        assertThat(none.get("timeoutMs").isNull()).isTrue();
        JsonNode blocked = json(api.submit("{\"exec\":{\"script\":\"\"},\"limits\":{\"onOutput\":\"block\"}}"));
        assertThat(blocked.at("/limits/onOutput").asString()).isEqualTo("block");
        assertThat(none.get("stdin").toString()).isEqualTo("{\"base64\":\"/w==\"}");
        assertThat(none.at("/exec/interpreter/0").asString()).isEqualTo("/bin/sh");
    }

    @Test
    void b01_aBodyOverTheLimitDeclared() throws IOException {
        String answer = api.raw(
                "POST " + RUNS + " HTTP/1.1",
                "Host: x",
                "Authorization: Bearer " + api.token,
                "Content-Type: application/json",
                "Content-Length: " + (ApiFixture.BODY_LIMIT + 1),
                "",
                "");
        assertThat(answer)
                .startsWith("HTTP/1.1 413 ")
                .contains("payload-too-large")
                .contains("Connection: close");
        assertProblem(api.submit(" ".repeat(ApiFixture.BODY_LIMIT) + MINIMAL), 413, "payload-too-large");
        assertThat(api.submit(" ".repeat(ApiFixture.BODY_LIMIT - MINIMAL.length()) + MINIMAL)
                        .statusCode())
                .isEqualTo(202);
    }

    @Test
    void b01_anEndlessChunkedBodyIsNotReadBeyondTheLimit() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.server.port())) {
            socket.setSoTimeout(30_000);
            OutputStream out = socket.getOutputStream();
            out.write(String.join(
                            "\r\n",
                            "POST " + RUNS + " HTTP/1.1",
                            "Host: x",
                            "Authorization: Bearer " + api.token,
                            "Content-Type: application/json",
                            "Transfer-Encoding: chunked",
                            "",
                            "")
                    .getBytes(StandardCharsets.US_ASCII));
            byte[] chunk = ("10000\r\n" + " ".repeat(65_536) + "\r\n").getBytes(StandardCharsets.US_ASCII);
            CompletableFuture<String> answer = new CompletableFuture<>();
            InputStream in = socket.getInputStream();
            Threads.virtual("reader", () -> {
                        try {
                            answer.complete(new String(in.readNBytes(12), StandardCharsets.US_ASCII));
                        } catch (IOException failed) {
                            answer.completeExceptionally(failed);
                        }
                    })
                    .start();
            long sent = 0;
            try {
                for (; sent < 1L << 30; sent += chunk.length) {
                    out.write(chunk);
                }
            } catch (SocketException closed) {
                // What was hoped for: the server reads no more.
            }
            assertThat(sent).isLessThan(64L << 20);
            assertThat(answer.join()).isEqualTo("HTTP/1.1 413");
        }
        assertThat(api.store.size()).isZero();
    }

    @Test
    void b02_b03_b04_b05_malformedBodiesAreProblems() {
        assertProblem(api.submit("{\"exec\":" + "[".repeat(100_000)), 400, "invalid-request");
        assertProblem(api.submit(MINIMAL + MINIMAL), 400, "invalid-request");
        assertProblem(api.submit("not json"), 400, "invalid-request");
        assertProblem(api.submit(""), 400, "invalid-request");
        HttpResponse<String> unknown = api.submit("{\"exec\":{\"argv\":[\"a\"]},\"timeuot\":\"1s\",\"callbacks\":1}");
        assertProblem(unknown, 400, "invalid-request");
        assertThat(json(unknown).at("/errors/0/pointer").asString()).isEqualTo("/timeuot");
        assertThat(json(unknown).at("/errors/1/pointer").asString()).isEqualTo("/callbacks");
        byte[] invalid = MINIMAL.getBytes(StandardCharsets.UTF_8);
        invalid[20] = (byte) 0xff;
        assertProblem(api.post(RUNS, invalid, _ -> {}), 400, "invalid-request");
        assertThat(api.store.size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "application/x-www-form-urlencoded",
                "application/json; charset=iso-8859-1",
                "application/jsonx",
                "application/cbor"
            })
    void b09_wrongContentTypes(String type) {
        assertProblem(
                api.send(api.request(RUNS).header("Content-Type", type).POST(BodyPublishers.ofString(MINIMAL))),
                415,
                "unsupported-media-type");
    }

    @Test
    void b09_b10_aMissingContentTypeAndAnEncodedBody() {
        assertProblem(
                api.send(api.request(RUNS).POST(BodyPublishers.ofString(MINIMAL))), 415, "unsupported-media-type");
        assertProblem(api.submit(MINIMAL, "Content-Encoding", "gzip"), 415, "unsupported-media-type");
        HttpResponse<String> quoted = api.send(api.request(RUNS)
                .header("Content-Type", "Application/JSON ; charset=\"UTF-8\"")
                .POST(BodyPublishers.ofString(MINIMAL)));
        assertThat(quoted.statusCode()).isEqualTo(202);
    }

    @Test
    void b16_anIdempotencyKeyAnswersTheSameAgain() {
        HttpResponse<String> first = api.submit(MINIMAL, "Idempotency-Key", "k 1");
        HttpResponse<String> again = api.submit(" " + MINIMAL + " ", "Idempotency-Key", "k 1");
        assertThat(again.statusCode()).isEqualTo(202);
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(again.headers().firstValue("Idempotent-Replayed")).contains("true");
        assertThat(again.headers().firstValue("Location"))
                .isEqualTo(first.headers().firstValue("Location"));
        assertThat(first.headers().firstValue("Idempotent-Replayed")).isEmpty();
        assertThat(api.store.size()).isEqualTo(1);
        assertProblem(
                api.submit("{\"exec\":{\"argv\":[\"false\"]}}", "Idempotency-Key", "k 1"),
                422,
                "idempotency-key-reused");
    }

    @Test
    void b16_keysThatAreNone() throws IOException {
        assertProblem(api.submit(MINIMAL, "Idempotency-Key", "k".repeat(10 << 10)), 400, "invalid-request");
        assertProblem(api.submit(MINIMAL, "Idempotency-Key", "k".repeat(256)), 400, "invalid-request");
        assertProblem(api.submit(MINIMAL, "Idempotency-Key", ""), 400, "invalid-request");
        assertThat(api.raw(
                        "POST " + RUNS + " HTTP/1.1",
                        "Host: x",
                        "Authorization: Bearer " + api.token,
                        "Idempotency-Key: k\u00e9",
                        "Connection: close",
                        "Content-Length: 0",
                        "",
                        ""))
                .startsWith("HTTP/1.1 400 ")
                .contains("Idempotency-Key must have");
        assertProblem(
                api.post(
                        RUNS,
                        MINIMAL.getBytes(StandardCharsets.UTF_8),
                        request -> request.header("Idempotency-Key", "a").header("Idempotency-Key", "b")),
                400,
                "invalid-request");
        assertThat(api.submit(MINIMAL, "Idempotency-Key", "k".repeat(255)).statusCode())
                .isEqualTo(202);
    }

    @Test
    void b16_aRefusedRequestIsNotRemembered() {
        assertThat(api.submit("{}", "Idempotency-Key", "k").statusCode()).isEqualTo(400);
        assertThat(api.submit(MINIMAL, "Idempotency-Key", "k").statusCode()).isEqualTo(202);
    }

    @Test
    void b25_oneLongArgumentNamesTheLimit() {
        HttpResponse<String> refused = api.submit("{\"exec\":{\"argv\":[\"true\",\"" + "x".repeat(131_072) + "\"]}}");
        assertProblem(refused, 400, "invalid-request");
        assertThat(json(refused).at("/errors/0/pointer").asString()).isEqualTo("/exec/argv/1");
        assertThat(json(refused).at("/errors/0/detail").asString())
                .contains("131072")
                .contains("stdin");
    }

    @Test
    void b26_aLoaderVariableIsForbidden() {
        HttpResponse<String> refused =
                api.submit("{\"exec\":{\"argv\":[\"true\"]},\"env\":{\"LD_PRELOAD\":\"/x.so\"}}");
        assertProblem(refused, 403, "forbidden");
        assertThat(json(refused).at("/errors/0/pointer").asString()).isEqualTo("/env/LD_PRELOAD");
    }

    @Test
    void b27_argumentsAreKeptVerbatim() {
        RunId run = api.accepted(
                "{\"exec\":{\"argv\":[\"$(x)\",\"`x`\",\"-rf\",\"@file\",\"\\\"'\\\\\",\"*\",\"ü\",\"a\\tb\\n\"]}}");
        assertThat(api.store.run(run).orElseThrow().spec().exec())
                .isEqualTo(new Execution.Argv(List.of("$(x)", "`x`", "-rf", "@file", "\"'\\", "*", "ü", "a\tb\n")));
        assertThat(json(api.get(RUNS + "/" + run)).at("/exec/argv/4").asString())
                .isEqualTo("\"'\\");
    }

    @Test
    void waitingAnswersWithTheEndAndTheOutput() throws Exception {
        CompletableFuture<Void> ended = endTheFirstRun("hello\n");
        HttpResponse<String> answer = api.submit(MINIMAL, "Prefer", "wait=30");
        ended.get(30, TimeUnit.SECONDS);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Preference-Applied")).contains("wait=30");
        assertThat(json(answer).get("state").asString()).isEqualTo("SUCCEEDED");
        assertThat(json(answer).at("/tasks/0/exitCode").asInt()).isZero();
        assertThat(json(answer).at("/tasks/0/output/stdout").asString()).isEqualTo("hello\n");
        assertThat(json(answer).at("/tasks/0/output/stderr").asString()).isEmpty();
    }

    @Test
    void waitingIsBounded() {
        HttpResponse<String> answer = api.submit(MINIMAL, "Prefer", "respond-async, Wait=0");
        assertThat(answer.statusCode()).isEqualTo(202);
        assertThat(json(answer).get("state").asString()).isEqualTo("PENDING");
        assertThat(json(answer).at("/tasks/0/state").asString()).isEqualTo("PENDING");
        assertProblem(api.submit(MINIMAL, "Prefer", "wait=soon"), 400, "invalid-request");
        assertProblem(api.submit(MINIMAL, "Prefer", "wait=-1"), 400, "invalid-request");
    }

    @Test
    void aWaitOfMoreThanAMinuteCountsAsAMinute() throws Exception {
        CompletableFuture<Void> ended = endTheFirstRun("");
        HttpResponse<String> answer = api.submit(MINIMAL, "Prefer", "wait=99999999999999999999");
        ended.get(30, TimeUnit.SECONDS);
        assertThat(answer.headers().firstValue("Preference-Applied")).contains("wait=60");
    }

    @Test
    void aReplayWaitsForTheFirstRun() throws Exception {
        HttpResponse<String> first = api.submit(MINIMAL, "Idempotency-Key", "k");
        CompletableFuture<Void> ended = endTheFirstRun("x");
        HttpResponse<String> again = api.post(
                RUNS,
                MINIMAL.getBytes(StandardCharsets.UTF_8),
                request -> request.header("Idempotency-Key", "k").header("Prefer", "wait=30"));
        ended.get(30, TimeUnit.SECONDS);
        assertThat(again.statusCode()).isEqualTo(200);
        assertThat(again.headers().firstValue("Idempotent-Replayed")).contains("true");
        assertThat(json(again).get("id")).isEqualTo(json(first).get("id"));
    }

    @Test
    void aWaitOutlivesTheIdleTimeout() throws Exception {
        try (ApiFixture quick = new ApiFixture(data, Duration.ofMillis(300), 10)) {
            HttpResponse<String> answer = quick.submit(MINIMAL, "Prefer", "wait=2");
            assertThat(answer.statusCode()).isEqualTo(202);
        }
    }

    @Test
    void aFullQueueSaysSo() throws Exception {
        try (ApiFixture small = new ApiFixture(data, HttpConfig.DEFAULT_IDLE_TIMEOUT, 1)) {
            assertThat(small.submit(MINIMAL).statusCode()).isEqualTo(202);
            HttpResponse<String> refused = small.submit(MINIMAL);
            assertProblem(refused, 429, "queue-full");
            assertThat(refused.headers().firstValue("Retry-After")).isPresent();
        }
    }

    @Test
    void withoutItsStoreItIsUnavailable() {
        api.store.unreachable(true);
        HttpResponse<String> refused = api.submit(MINIMAL);
        assertProblem(refused, 503, "unavailable");
        assertThat(refused.headers().firstValue("Retry-After")).isPresent();
        assertThat(api.get("/readyz").statusCode()).isEqualTo(503);
        assertThat(api.get("/healthz").statusCode()).isEqualTo(200);
        api.store.unreachable(false);
        assertThat(api.get("/readyz").body()).isEqualTo("{\"status\":\"ready\"}");
    }

    @Test
    void drainingRefusesNewWorkAndAnswersWhoWaits() throws Exception {
        CompletableFuture<HttpResponse<String>> waiting = new CompletableFuture<>();
        Threads.virtual("client", () -> waiting.complete(api.submit(MINIMAL, "Prefer", "wait=60")))
                .start();
        await(() -> api.store.size() == 1);
        api.submissions.drain();
        api.waits.releaseAll();
        HttpResponse<String> released = waiting.get(30, TimeUnit.SECONDS);
        assertThat(released.statusCode()).isEqualTo(202);
        HttpResponse<String> refused = api.submit(MINIMAL);
        assertProblem(refused, 503, "draining");
        assertThat(refused.headers().firstValue("Retry-After")).isPresent();
        assertProblem(api.get("/readyz"), 503, "draining");
        assertThat(api.get("/healthz").statusCode()).isEqualTo(200);
        assertThat(api.get(RUNS + "/" + json(released).get("id").asString()).statusCode())
                .isEqualTo(200);
        api.server.drain(Duration.ofSeconds(30));
    }

    @Test
    void aTraceIsContinued() {
        String parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        HttpResponse<String> accepted = api.submit(MINIMAL, "traceparent", parent);
        assertThat(json(accepted).get("traceId").asString()).isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
        String continued = api.store
                .run(new RunId(json(accepted).get("id").asString()))
                .orElseThrow()
                .origin()
                .traceparent();
        assertThat(continued)
                .matches("00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01")
                .isNotEqualTo(parent);
        assertThat(json(api.submit("{}", "traceparent", parent)).get("traceId").asString())
                .isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
                "nonsense"
            })
    void aTraceThatIsNoneIsLeftOutOfAccount(String parent) {
        HttpResponse<String> accepted = api.submit(MINIMAL, "traceparent", parent);
        assertThat(accepted.statusCode()).isEqualTo(202);
        assertThat(json(accepted).get("traceId").asString())
                .matches("[0-9a-f]{32}")
                .isNotEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
    }

    @Test
    void queryParametersAreRefused() {
        HttpResponse<String> refused =
                api.post(RUNS + "?wait=5&dry%2Drun=1", MINIMAL.getBytes(StandardCharsets.UTF_8), _ -> {});
        assertProblem(refused, 400, "invalid-request");
        assertThat(json(refused).at("/errors/0/pointer").asString()).isEqualTo("/wait");
        assertThat(json(refused).at("/errors/1/pointer").asString()).isEqualTo("/dry-run");
    }
}
