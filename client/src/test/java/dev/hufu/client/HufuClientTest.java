package dev.hufu.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.Execution;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunState;
import dev.hufu.protocol.TaskState;
import dev.hufu.support.Threads;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class HufuClientTest {
    private static final RunId RUN = new RunId("01jd0000000000000000000000");
    private static final String RUN_JSON = """
            {"id":"%s","state":"PENDING","createdAt":"2026-01-02T03:04:05.678Z","fromTheFuture":{"x":[1]},
             "exec":{"argv":["echo","hi"]},"labels":{"a":"b"},"counts":{"total":1,"timedOut":0},"startedAt":null}""".formatted(RUN);
    private static final String TASK_JSON = """
            {"id":"%1$s.0","runId":"%1$s","node":"local","state":"TIMED_OUT","reason":"timeout","message":null,
             "exitCode":null,"signal":"SIGKILL","spawnError":null,"attempt":1,"createdAt":"2026-01-02T03:04:05.678Z",
             "dispatchedAt":null,"startedAt":"2026-01-02T03:04:06.000Z","finishedAt":"2026-01-02T03:04:07.000Z",
             "usage":{"wallMs":1,"userMs":2,"systemMs":3,"maxRssBytes":4},
             "output":{"stdoutBytes":5,"stderrBytes":6,"truncated":true},
             "attempts":[{"number":1,"node":"local","state":"TIMED_OUT","reason":"timeout","exitCode":null,
               "signal":"SIGKILL","usage":null,"startedAt":null,"finishedAt":null,"killReport":{"cause":"deadline",
               "proof":"no-children","durationMs":12,"steps":[
               {"signal":"SIGTERM","at":"2026-01-02T03:04:06.500Z","signalled":3,"survivors":1}]}}]}""".formatted(RUN);
    private static final RunRequest REQUEST = RunRequest.argv("echo", "hi").build();

    private final ScriptedServer server = new ScriptedServer();
    private final PassingTimers timers = new PassingTimers();
    private final List<HufuException> retries = new ArrayList<>();
    private final HufuClient client = HufuClient.builder(server.address())
            .token("secret")
            .timers(timers)
            .onRetry(retries::add)
            .build();

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    @Test
    void everyFieldOfARequestIsSentAsTheApiHasIt() throws InterruptedException {
        server.answer(202, RUN_JSON);
        RunRequest request = RunRequest.exec(
                        new Execution.Script("echo $1 ünï", List.of("/bin/bash", "-e"), List.of("$(x)")))
                .env(Map.of("A", "b=c"))
                .cwd("/tmp")
                .stdin(Bytes.of("tëxt\n".getBytes(StandardCharsets.UTF_8)))
                .timeout(Duration.ofSeconds(90))
                .killGrace(Duration.ZERO)
                .expiresAfter(Duration.ofMillis(5))
                .outputLimit(65536)
                .labels(Map.of("ticket", "OPS-1"))
                .build();

        Run run = client.submit(request, "key 1");

        assertThat(server.asked()).singleElement().satisfies(asked -> {
            assertThat(asked.method() + " " + asked.target()).isEqualTo("POST /api/v1/runs");
            assertThat(asked.header("Authorization")).isEqualTo("Bearer secret");
            assertThat(asked.header("Idempotency-key")).isEqualTo("key 1");
            assertThat(asked.header("Content-type")).isEqualTo("application/json");
            assertThat(asked.body())
                    .isEqualTo("{\"exec\":{\"script\":\"echo $1 ünï\",\"interpreter\":[\"/bin/bash\",\"-e\"],"
                            + "\"args\":[\"$(x)\"]},\"env\":{\"A\":\"b=c\"},\"cwd\":\"/tmp\",\"stdin\":\"tëxt\\n\","
                            + "\"timeout\":\"90000ms\",\"killGrace\":\"0ms\",\"expiresAfter\":\"5ms\","
                            + "\"limits\":{\"output\":65536},\"labels\":{\"ticket\":\"OPS-1\"}}");
        });
        assertThat(run.id()).isEqualTo(RUN);
        assertThat(run.state()).isEqualTo(RunState.PENDING);
        assertThat(run.exec()).isEqualTo(new Execution.Argv(List.of("echo", "hi")));
        assertThat(run.labels()).isEqualTo(Map.of("a", "b"));
        assertThat(run.counts()).isEqualTo(Map.of("total", 1L, "timedOut", 0L));
        assertThat(run.tasks()).isEmpty();
    }

    @Test
    void inputThatIsNotTextTravelsAsBase64() throws InterruptedException {
        server.answer(202, RUN_JSON).answer(202, RUN_JSON);
        client.submit(RunRequest.argv("cat")
                .stdin(Bytes.of(new byte[] {-1, 0}))
                .noTimeout()
                .build());
        client.submit(RunRequest.argv("cat").stdin(Bytes.of(new byte[] {0})).build());
        assertThat(server.asked().getFirst().body())
                .isEqualTo("{\"exec\":{\"argv\":[\"cat\"]},\"stdin\":{\"base64\":\"/wA=\"},\"timeout\":\"none\"}");
        assertThat(server.asked().getLast().body()).contains("{\"base64\":\"AA==\"}");
    }

    @Test
    void aTaskIsReadWithItsKillReport() throws InterruptedException {
        server.answer(200, TASK_JSON);
        Task task = client.task(RUN.task(0));
        assertThat(server.asked().getFirst().target()).isEqualTo("/api/v1/tasks/" + RUN + ".0");
        assertThat(task.state()).isEqualTo(TaskState.TIMED_OUT);
        assertThat(task.signal()).isEqualTo("SIGKILL");
        assertThat(task.exitCode()).isNull();
        assertThat(task.usage()).isEqualTo(new Task.Usage(1, 2, 3, 4));
        assertThat(task.output()).isEqualTo(new Task.Written(5, 6, true, null, null));
        assertThat(task.attempts().getFirst().killReport())
                .isEqualTo(new Attempt.KillReport(
                        "deadline",
                        "no-children",
                        List.of(new Attempt.KillReport.Step(
                                "SIGTERM", Instant.parse("2026-01-02T03:04:06.500Z"), 3, 1)),
                        12));
    }

    @Test
    void f02_aSubmitWhoseAnswerWasLostIsSentAgainUnderItsKey() throws InterruptedException {
        server.cut(ScriptedServer.Cut.BEFORE)
                .answer(409, Map.of(), "{\"type\":\"urn:hufu:problem:conflict\"}")
                .answer(202, RUN_JSON);
        assertThat(client.submit(REQUEST).id()).isEqualTo(RUN);
        assertThat(server.asked().stream().map(asked -> asked.header("Idempotency-key")))
                .hasSizeGreaterThanOrEqualTo(3)
                .doesNotContain("")
                .containsOnly(server.asked().getFirst().header("Idempotency-key"));
        assertThat(retries).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource({"503, draining", "429, queue-full", "503, unavailable"})
    void aServerThatAsksToComeBackLaterIsAskedAgainThen(int status, String code) throws InterruptedException {
        String problem = "{\"type\":\"urn:hufu:problem:" + code + "\"}";
        server.answer(status, Map.of("Retry-After", "7"), problem)
                .answer(status, Map.of("Retry-After", "Fri, 2 Jan 2026 03:04:21 GMT"), problem)
                .answer(202, RUN_JSON);
        assertThat(client.submit(REQUEST).id()).isEqualTo(RUN);
        assertThat(timers.sleeps()).containsExactly(Duration.ofSeconds(7), Duration.ofSeconds(9));
    }

    @Test
    void aServerThatAsksToComeBackTooLateHasRefused() {
        server.answer(
                429,
                Map.of("Retry-After", "31"),
                "{\"type\":\"urn:hufu:problem:queue-full\",\"status\":429,\"detail\":\"Full.\",\"traceId\":\"ab\"}");
        HufuException.Refused refused = catchThrowableOfType(HufuException.Refused.class, () -> client.submit(REQUEST));
        assertThat(refused.kind()).contains(ErrorKind.QUEUE_FULL);
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.detail()).isEqualTo("Full.");
        assertThat(refused.traceId()).contains("ab");
        assertThat(timers.sleeps()).isEmpty();
    }

    @Test
    void everyErrorOfAValidationIsTold() {
        server.answer(400, """
                {"type":"urn:hufu:problem:invalid-request","title":"t","status":400,"detail":"Not valid.","traceId":null,
                 "errors":[{"pointer":"/timeout","detail":"not a duration"},{"pointer":"/env","detail":"no"}]}""");
        HufuException.Refused refused = catchThrowableOfType(HufuException.Refused.class, () -> client.submit(REQUEST));
        assertThat(refused.kind()).contains(ErrorKind.INVALID_REQUEST);
        assertThat(refused.errors())
                .containsExactly(
                        new HufuException.FieldError("/timeout", "not a duration"),
                        new HufuException.FieldError("/env", "no"));
        assertThat(refused).hasMessage("Not valid.; /timeout: not a duration; /env: no");
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 404, 403})
    void whatIsNoProblemDocumentIsARefusalAllTheSame(int status) {
        server.answer(status, "<html>no</html>");
        HufuException.Refused refused = catchThrowableOfType(HufuException.Refused.class, () -> client.run(RUN));
        assertThat(refused.kind()).isEmpty();
        assertThat(refused.status()).isEqualTo(status);
        assertThat(server.asked()).hasSize(1);
    }

    @Test
    void aRedirectIsNotFollowedAndTheTokenStaysHere() {
        try (ScriptedServer other = new ScriptedServer()) {
            server.answer(302, Map.of("Location", other.address().toString()), "");
            assertThatThrownBy(() -> client.run(RUN))
                    .isInstanceOf(HufuException.Unintelligible.class)
                    .hasMessageContaining("redirect");
            assertThat(other.asked()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "not json | is not JSON",
                "[] | not a JSON object",
                "{\"id\":\"01jd0000000000000000000000\"} | /state is missing",
                "{\"id\":\"../x\"} | /id has a value that this client does not know",
                "{\"id\":7} | /id is not text",
                "{\"id\":\"01jd0000000000000000000000\",\"state\":\"PENDING\",\"createdAt\":\"2026-01-02T03:04:05Z\","
                        + "\"exec\":{\"argv\":[1]}} | /exec/argv/0 is not text"
            })
    void anAnswerThatLacksSomethingIsNamedWithItsPlace(String answer, String complaint) {
        server.answer(200, answer);
        assertThatThrownBy(() -> client.run(RUN))
                .isInstanceOf(HufuException.Unintelligible.class)
                .hasMessageContaining(complaint);
    }

    @Test
    void nobodyThereIsToldAtOnceToAClientThatDoesNotWaitForIt() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        URI address = URI.create("http://127.0.0.1:" + port);
        try (HufuClient hasty = HufuClient.builder(address)
                        .timers(timers)
                        .connectWithin(Duration.ZERO)
                        .build();
                HufuClient patient = HufuClient.builder(address)
                        .timers(timers)
                        .retryFor(Duration.ofSeconds(10))
                        .build()) {
            assertThatThrownBy(() -> hasty.submit(REQUEST)).isInstanceOf(HufuException.Unreachable.class);
            assertThat(timers.sleeps()).isEmpty();
            assertThatThrownBy(() -> patient.submit(REQUEST)).isInstanceOf(HufuException.Unreachable.class);
            assertThat(timers.now()).isBetween("2026-01-02T03:04:12Z", "2026-01-02T03:04:15Z");
        }
    }

    @Test
    void anAnswerThatWasCutIsAskedForAgain() throws InterruptedException {
        server.cut(ScriptedServer.Cut.WITHIN).answer(200, Map.of("Hufu-Output-Complete", "false"), "whole");
        Output output = client.output(RUN.task(0), Output.Stream.STDERR, 7, 100);
        assertThat(output.bytes()).asString().isEqualTo("whole");
        assertThat(server.asked().getLast().target())
                .isEqualTo("/api/v1/tasks/" + RUN + ".0/output?stream=stderr&offset=7&limit=100");
        assertThat(output.complete()).isFalse();
        assertThat(output.nextOffset()).isEqualTo(12);
    }

    @ParameterizedTest
    @CsvSource({
        "0,    head-tail, stdout=5-1000, 1004",
        "700,  tail,      stdout=5-1000, 1004",
        "1000, tail,      ,              1004",
        "0,    head-tail, 'stdout=5-1000, stderr=1-2', 1004",
        "2,    head,      stderr=1-2,    6"
    })
    void aGapIsJumped(long offset, String bytes, String gap, long next) throws IOException, InterruptedException {
        Map<String, String> headers = gap == null
                ? Map.of("Hufu-Output-Complete", "true")
                : Map.of("Hufu-Output-Complete", "true", "Hufu-Output-Gap", gap);
        server.answer(200, headers, bytes);
        Output output = client.output(RUN.task(0), Output.Stream.STDOUT, offset, 100);
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        output.writeTo(copy);
        assertThat(copy.toString(StandardCharsets.UTF_8)).isEqualTo(bytes);
        assertThat(output.complete()).isTrue();
        assertThat(output.gap().isPresent()).isEqualTo(gap != null && gap.startsWith("stdout"));
        assertThat(output.nextOffset()).isEqualTo(next);
    }

    @Test
    void tasksComeFromEveryPage() throws InterruptedException {
        server.answer(200, "{\"items\":[" + TASK_JSON + "],\"nextCursor\":\"a/b\"}")
                .answer(200, "{\"items\":[" + TASK_JSON + "],\"nextCursor\":null}");
        assertThat(client.tasks(RUN)).hasSize(2);
        assertThat(server.asked().stream().map(ScriptedServer.Asked::target))
                .containsExactly("/api/v1/runs/" + RUN + "/tasks", "/api/v1/runs/" + RUN + "/tasks?cursor=a%2Fb");
    }

    @Test
    void submitAndWaitGoesOnWaitingWhereTheServerNoLongerDoes() throws InterruptedException {
        server.answer(202, RUN_JSON)
                .answer(200, RUN_JSON)
                .answer(200, RUN_JSON.replace("PENDING", "FAILED"))
                .answer(200, "{\"items\":[" + TASK_JSON + "],\"nextCursor\":null}");
        Run run = client.submitAndWait(REQUEST, "k", Duration.ofMinutes(5));
        assertThat(server.asked().getFirst().header("Prefer")).isEqualTo("wait=60");
        assertThat(run.state()).isEqualTo(RunState.FAILED);
        assertThat(run.tasks()).hasSize(1);
    }

    @Test
    void cancelIsAPostWithoutABody() throws InterruptedException {
        server.answer(202, RUN_JSON);
        assertThat(client.cancel(RUN).id()).isEqualTo(RUN);
        assertThat(server.asked()).singleElement().satisfies(asked -> {
            assertThat(asked.method() + " " + asked.target()).isEqualTo("POST /api/v1/runs/" + RUN + "/cancel");
            assertThat(asked.body()).isEmpty();
        });
    }

    @Test
    void aCancelMaySayItsGrace() throws InterruptedException {
        server.answer(202, RUN_JSON);
        assertThat(client.cancel(RUN, Duration.ofSeconds(2)).id()).isEqualTo(RUN);
        assertThat(server.asked())
                .singleElement()
                .satisfies(asked -> assertThat(asked.body()).isEqualTo("{\"killGrace\":\"2000ms\"}"));
    }

    @Test
    void aLargeBodyArrivesWhole() throws InterruptedException {
        server.answer(202, RUN_JSON);
        String large = "x".repeat(1 << 20);
        client.submit(RunRequest.argv("echo", large).build());
        assertThat(server.asked().getFirst().body()).contains(large);
    }

    @Test
    void theSizeOfALargeBodyIsRefusedBeforeItIsSent() throws IOException, InterruptedException {
        try (ServerSocket refusing = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread answering = Threads.virtual("refusing", () -> refuse(refusing));
            answering.start();
            try (HufuClient other = HufuClient.builder(URI.create("http://127.0.0.1:" + refusing.getLocalPort()))
                    .build()) {
                RunRequest large = RunRequest.argv("echo", "x".repeat(1 << 20)).build();
                HufuException.Refused refused =
                        catchThrowableOfType(HufuException.Refused.class, () -> other.submit(large));
                assertThat(refused.kind()).contains(ErrorKind.PAYLOAD_TOO_LARGE);
                assertThat(refused.status()).isEqualTo(413);
            }
            answering.join();
        }
    }

    private static void refuse(ServerSocket refusing) {
        try (Socket connection = refusing.accept();
                BufferedReader reader = new BufferedReader(
                        new InputStreamReader(connection.getInputStream(), StandardCharsets.ISO_8859_1))) {
            String line = reader.readLine();
            while (line != null && !line.isEmpty()) {
                line = reader.readLine();
            }
            connection
                    .getOutputStream()
                    .write("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
                            .getBytes(StandardCharsets.ISO_8859_1));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ftp://x", "http:///", "127.0.0.1:7433", "http://u:p@h", "http://h?x=1", "http://h#x"})
    void anAddressIsHostPortAndPath(String address) {
        assertThatThrownBy(() -> HufuClient.builder(URI.create(address))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aPathOfAnAddressComesBeforeTheApis() throws InterruptedException {
        server.answer(200, RUN_JSON);
        try (HufuClient behindProxy =
                HufuClient.builder(URI.create(server.address() + "/hufu/")).build()) {
            behindProxy.run(RUN);
        }
        assertThat(server.asked().getFirst().target()).isEqualTo("/hufu/api/v1/runs/" + RUN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a\r\nX: y", "ü"})
    void aKeyThatIsNoneIsRefusedHere(String key) {
        assertThatThrownBy(() -> client.submit(REQUEST, key)).isInstanceOf(IllegalArgumentException.class);
        assertThat(server.asked()).isEmpty();
    }
}
