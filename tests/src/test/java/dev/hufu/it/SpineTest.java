package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The straight way through a whole server. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class SpineTest {
    private ServerProcess server;
    private Api api;

    @BeforeAll
    void start(@TempDir Path data) throws IOException {
        server = ServerProcess.started(data);
        api = server.api();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    @Test
    void aRunIsAcceptedRunsAndGivesBackWhatItPrinted() throws Exception {
        JsonNode task = api.run(Api.shell("printf out; printf err >&2; exit 3"));
        assertThat(Api.state(task)).isEqualTo("FAILED");
        assertThat(task.get("reason").asString()).isEqualTo("exit");
        assertThat(task.get("exitCode").asInt()).isEqualTo(3);
        assertThat(task.get("signal").isNull()).isTrue();
        assertThat(task.get("node").asString()).isEqualTo("local");
        assertThat(task.get("output").get("stdoutBytes").asLong()).isEqualTo(3);
        assertThat(task.get("output").get("stderrBytes").asLong()).isEqualTo(3);
        assertThat(task.get("usage").get("maxRssBytes").asLong()).isPositive();
        String run = task.get("runId").asString();
        assertThat(api.stdout(run)).isEqualTo("out");
        assertThat(api.outputBytes(run, "stream=stderr")).isEqualTo("err".getBytes(StandardCharsets.UTF_8));
        assertThat(api.get("/api/v1/runs/" + run).body().get("state").asString())
                .isEqualTo("FAILED");
    }

    @Test
    void preferWaitAnswersWithTheEndAndTheOutput() throws Exception {
        Api.Answer answer = api.post("/api/v1/runs", Api.argv("echo", "hello"), "Prefer", "wait=30");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Preference-Applied")).contains("wait");
        JsonNode task = answer.body().get("tasks").get(0);
        assertThat(Api.state(task)).isEqualTo("SUCCEEDED");
        assertThat(task.get("output").get("stdout").asString()).isEqualTo("hello\n");
    }

    @Test
    void whatWasAcceptedIsThereOnAnotherConnectionAtOnce() throws Exception {
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> checks = new ArrayList<>();
            for (int caller = 0; caller < 8; caller++) {
                checks.add(callers.submit(() -> {
                    for (int i = 0; i < 25; i++) {
                        String run = api.submit(Api.argv("true"));
                        try (Socket other = new Socket(
                                InetAddress.getLoopbackAddress(),
                                server.address().getPort())) {
                            other.setSoTimeout(20_000);
                            String request = "GET /api/v1/runs/" + run + " HTTP/1.1\r\nHost: localhost\r\n"
                                    + "Authorization: Bearer " + api.token() + "\r\nConnection: close\r\n\r\n";
                            other.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
                            String reply = new String(other.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                            assertThat(reply).startsWith("HTTP/1.1 200").contains(run);
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> check : checks) {
                check.get();
            }
        }
    }

    @Test
    void f02_connectionCutBeforeTheAnswerAndTheRetryGetsTheSameIdAndBody() throws Exception {
        byte[] body = "{\"exec\":{\"argv\":[\"true\"]}}".getBytes(StandardCharsets.UTF_8);
        try (Socket cut =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            String head = "POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Idempotency-Key: f02\r\nAuthorization: Bearer " + api.token() + "\r\nContent-Length: "
                    + body.length + "\r\n\r\n";
            cut.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            cut.getOutputStream().write(body);
            cut.getOutputStream().flush();
            cut.setSoLinger(true, 0);
        }
        Api.Answer first = keyed("f02", body);
        Api.Answer second = keyed("f02", body);
        assertThat(first.status()).isEqualTo(202);
        assertThat(second.response().body()).isEqualTo(first.response().body());
        assertThat(second.header("Idempotent-Replayed")).isEqualTo("true");
        assertThat(second.header("Location")).isEqualTo(first.header("Location"));
    }

    @Test
    void f02_manyAtOnceWithOneKeyMakeOneRun() throws Exception {
        byte[] body = "{\"exec\":{\"argv\":[\"true\"]}}".getBytes(StandardCharsets.UTF_8);
        Set<String> ids = new HashSet<>();
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Api.Answer>> answers = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                answers.add(callers.submit(() -> keyed("many", body)));
            }
            for (Future<Api.Answer> answer : answers) {
                assertThat(answer.get().status()).isIn(202, 409);
                if (answer.get().status() == 202) {
                    ids.add(answer.get().body().get("id").asString());
                }
            }
        }
        assertThat(ids).hasSize(1);
    }

    private Api.Answer keyed(String key, byte[] body) throws IOException, InterruptedException {
        return api.send(api.request("/api/v1/runs")
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", key)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build());
    }

    @Test
    void scriptStdinDirectoryEnvironmentAndLabelsReachTheProcess() throws Exception {
        Map<String, Object> body = Map.of(
                "exec",
                Map.of("script", "read line\necho \"$line|$1|$PWD|$GREETING\"\n", "args", List.of("first")),
                "stdin",
                "from stdin\n",
                "cwd",
                "/usr",
                "env",
                Map.of("GREETING", "grüß"),
                "labels",
                Map.of("ticket", "OPS-1"));
        String run = api.submit(body);
        assertThat(Api.state(api.awaitTask(run))).isEqualTo("SUCCEEDED");
        assertThat(api.stdout(run)).isEqualTo("from stdin|first|/usr|grüß\n");
        assertThat(api.get("/api/v1/runs/" + run).body().at("/labels/ticket").asString())
                .isEqualTo("OPS-1");
    }

    @Test
    void theProcessSeesItsOwnEnvironmentAndNothingElse() throws Exception {
        String run = api.submit(Map.of("exec", Map.of("argv", List.of("env")), "env", Map.of("A", "b")));
        api.awaitTask(run);
        Set<String> names = new HashSet<>();
        for (String line : api.stdout(run).split("\n", -1)) {
            if (!line.isEmpty()) {
                names.add(line.substring(0, line.indexOf('=')));
            }
        }
        assertThat(names)
                .containsExactlyInAnyOrder(
                        "PATH",
                        "HOME",
                        "USER",
                        "LOGNAME",
                        "LANG",
                        "A",
                        "HUFU_RUN_ID",
                        "HUFU_TASK_ID",
                        "HUFU_ATTEMPT",
                        "HUFU_CHECKPOINT_DIR",
                        "HUFU_DEADLINE",
                        "TRACEPARENT");
    }

    @Test
    void cancelStopsTheTreeAndASecondCancelOfTheEndedRunConflicts() throws Exception {
        String run = api.submit(Api.shell("sleep 1000 & sleep 1000"));
        api.awaitRunning(run);
        assertThat(api.cancel(run).status()).isEqualTo(202);
        JsonNode task = api.awaitTask(run);
        assertThat(Api.state(task)).isEqualTo("CANCELLED");
        assertThat(task.at("/attempts/0/killReport/proof").asString()).isIn("cgroup", "no-children");
        assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run)).isEmpty();
        assertThat(api.cancel(run).status()).isEqualTo(409);
    }

    @Test
    void aTimeoutStopsTheTree() throws Exception {
        JsonNode task = api.run(
                Map.of("exec", Map.of("argv", List.of("sh", "-c", "sleep 1000 & sleep 1000")), "timeout", "300ms"));
        assertThat(Api.state(task)).isEqualTo("TIMED_OUT");
        assertThat(task.get("reason").asString()).isEqualTo("timeout");
        assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + task.get("runId").asString()))
                .isEmpty();
    }

    @Test
    void f24_daemonsBySetsidAndDoubleForkAreGoneWhenTheTaskHasEnded() throws Exception {
        String run = api.submit(Api.shell("setsid sh -c 'sleep 1000 & setsid sleep 1000 & wait' >/dev/null 2>&1 & "
                + "(setsid sleep 1000 >/dev/null 2>&1 &) ; echo done"));
        JsonNode task = api.awaitTask(run);
        assertThat(Api.state(task)).isEqualTo("SUCCEEDED");
        assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run)).isEmpty();
        assertThat(api.stdout(run)).isEqualTo("done\n");
    }

    @Test
    void f23_whatIgnoresTermIsKilledAfterTheGraceAlsoWhenItStopsItself() throws Exception {
        for (String script : List.of("trap '' TERM; echo up; while :; do sleep 0.1; done", "echo up; kill -STOP $$")) {
            String run = api.submit(
                    Map.of("exec", Map.of("argv", List.of("sh", "-c", script)), "killGrace", "200ms", "timeout", "1h"));
            api.awaitRunning(run);
            Eventually.holds("it is up", Api.PATIENCE, () -> {
                try {
                    return api.stdout(run).equals("up\n");
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            api.cancel(run);
            JsonNode task = api.awaitTask(run, Duration.ofSeconds(30));
            assertThat(Api.state(task)).isEqualTo("CANCELLED");
            assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run)).isEmpty();
        }
    }

    @Test
    void f23_aSecondCancelShortensTheGraceOfTheFirst() throws Exception {
        String script = "trap '' TERM; echo up; while :; do sleep 0.1; done";
        String run = api.submit(
                Map.of("exec", Map.of("argv", List.of("sh", "-c", script)), "killGrace", "10m", "timeout", "1h"));
        Eventually.holds("it is up", Api.PATIENCE, () -> {
            try {
                return api.stdout(run).equals("up\n");
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(api.cancel(run).status()).isEqualTo(202);
        assertThat(api.kill(run).status()).isEqualTo(202);
        JsonNode task = api.awaitTask(run, Duration.ofSeconds(30));
        assertThat(Api.state(task)).isEqualTo("CANCELLED");
        assertThat(task.at("/signal").asString()).isEqualTo("SIGKILL");
        assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run)).isEmpty();
    }

    @Test
    @Timeout(300)
    void f15_cancelRacingStartNeverLeavesAProcess() throws Exception {
        int rounds = 1_000;
        Set<String> states = new HashSet<>();
        try (ExecutorService callers = Executors.newFixedThreadPool(8)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < rounds; i++) {
                long pause = (i % 20) * 500_000L;
                all.add(callers.submit(() -> {
                    String run = api.submit(Api.argv("sleep", "1000"));
                    LockSupport.parkNanos(pause);
                    assertThat(api.cancel(run).status()).isEqualTo(202);
                    JsonNode task = api.awaitTask(run);
                    assertThat(Api.state(task)).isEqualTo("CANCELLED");
                    assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run)).isEmpty();
                    synchronized (states) {
                        states.add(task.get("startedAt").isNull() ? "before start" : "after start");
                    }
                    return null;
                }));
            }
            for (Future<?> each : all) {
                each.get();
            }
        }
        assertThat(states).as("the race was run from both sides").contains("after start");
    }
}
