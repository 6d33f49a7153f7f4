package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator meets: overload, logs, figures. */
final class OperatorTest {
    private static final int CLIENTS = 64;
    private static final Duration LONGEST_ACCEPTANCE = Duration.ofSeconds(5);
    private static final Path DOCUMENT = Path.of("..", "docs", "operations.md");

    private record Answered(int status, String retryAfter, Duration took) {}

    /** Every client sends this so many times, all at once. */
    private static List<Answered> flood(Api api, Map<String, ?> body, int times) throws InterruptedException {
        ConcurrentLinkedQueue<Answered> answers = new ConcurrentLinkedQueue<>();
        CountDownLatch begin = new CountDownLatch(1);
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(Thread.ofVirtual().start(() -> {
                try {
                    begin.await();
                    for (int n = 0; n < times; n++) {
                        long sent = System.nanoTime();
                        Api.Answer answer = api.post("/api/v1/runs", body);
                        Duration took = Duration.ofNanos(System.nanoTime() - sent);
                        answers.add(new Answered(answer.status(), answer.header("Retry-After"), took));
                    }
                } catch (IOException | InterruptedException failed) {
                    answers.add(new Answered(0, String.valueOf(failed), Duration.ZERO));
                }
            }));
        }
        begin.countDown();
        for (Thread client : clients) {
            client.join();
        }
        return List.copyOf(answers);
    }

    @Test
    void aPortThatIsTakenIsARefusalToStart(@TempDir Path data) throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            assertThat(ServerProcess.exitOf("--data", data.toString(), "--listen", address))
                    .isEqualTo(1);
        }
    }

    @Test
    void f06_tenTimesTheQueueIsRefusedInTimeAndHealthIsAnsweredThroughout(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data, "--queue", "64", "--max-running", "1")) {
            Api api = server.api();
            String busy = api.submit(Api.argv("sleep", "1000"));
            api.awaitRunning(busy);
            AtomicBoolean over = new AtomicBoolean();
            ConcurrentLinkedQueue<Integer> health = new ConcurrentLinkedQueue<>();
            Thread watcher = Thread.ofVirtual().start(() -> {
                try {
                    while (!over.get()) {
                        HttpRequest request = HttpRequest.newBuilder(
                                        server.address().resolve("/healthz"))
                                .timeout(Duration.ofSeconds(5))
                                .build();
                        health.add(api.send(request).status());
                    }
                } catch (IOException | InterruptedException unanswered) {
                    health.add(0);
                }
            });
            List<Answered> small = flood(api, Api.argv("true"), 10);
            // In bodies that together are a multiple of what the server may hold of them.
            List<Answered> large =
                    flood(api, Map.of("exec", Map.of("argv", new String[] {"cat"}), "stdin", "x".repeat(1_000_000)), 2);
            over.set(true);
            watcher.join();

            assertThat(small).filteredOn(each -> each.status() == 202).hasSize(64);
            assertThat(small).filteredOn(each -> each.status() == 429).hasSize(576);
            assertThat(small)
                    .filteredOn(each -> each.status() == 202)
                    .allSatisfy(each -> assertThat(each.took()).isLessThan(LONGEST_ACCEPTANCE));
            assertThat(large).hasSize(2 * CLIENTS).allSatisfy(each -> {
                assertThat(each.status()).as(each.retryAfter()).isEqualTo(429);
                assertThat(each.retryAfter()).isNotEmpty();
            });
            assertThat(health).isNotEmpty().containsOnly(200);
            assertThat(Files.readString(server.log())).doesNotContain("OutOfMemoryError");
            assertThat(api.cancel(busy).status()).isEqualTo(202);
        }
    }

    @Test
    void b63_theLogHoldsNoSecret(@TempDir Path data) throws Exception {
        List<String> secrets = List.of("environment-4711", "input-4711", "argument-4711", "token-4711", "body-4711");
        try (ServerProcess server = ServerProcess.started(data, "--log-level", "debug")) {
            Api api = server.api();
            Map<String, Object> body = Map.of(
                    "exec", Map.of("argv", new String[] {"sh", "-c", "sleep 0.3; : argument-4711"}),
                    "env", Map.of("SECRET", "environment-4711"),
                    "stdin", "input-4711");
            assertThat(Api.state(api.run(body))).isEqualTo("SUCCEEDED");
            String cancelled = api.submit(Map.of(
                    "exec", Map.of("argv", new String[] {"sleep", "1000"}), "env", Map.of("A", "environment-4711")));
            api.awaitRunning(cancelled);
            api.cancel(cancelled);
            api.awaitTask(cancelled);
            api.run(Map.of("exec", Map.of("argv", new String[] {"/nowhere", "argument-4711"})));
            assertThat(api.post("/api/v1/runs", Map.of("bodies", "body-4711")).status())
                    .isEqualTo(400);
            assertThat(new Api(server.address(), "token-4711")
                            .get("/api/v1/runs/x")
                            .status())
                    .isEqualTo(401);
            String left = api.submit(Map.of(
                    "exec", Map.of("argv", new String[] {"sh", "-c", "sleep 1; : argument-4711"}),
                    "env", Map.of("SECRET", "environment-4711")));
            api.awaitRunning(left);
            Path before = server.log();
            server.kill9();
            server.start();
            server.api().awaitTask(left);
            server.terminate();
            for (Path log : List.of(before, server.log(), data.resolve("launcher.log"))) {
                String text = Files.readString(log);
                assertThat(text).as("%s", log).doesNotContain(api.token());
                assertThat(secrets).as("%s", log).noneMatch(text::contains);
            }
            assertThat(Files.readString(before)).as("it does log at this level").contains("DEBUG");
        }
    }

    @Test
    void theFiguresAndTheDocumentNameEachOther(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            Api api = server.api();
            api.run(Api.argv("true"));
            String cancelled = api.submit(Api.argv("sleep", "1000"));
            api.awaitRunning(cancelled);
            api.cancel(cancelled);
            api.awaitTask(cancelled);
            Api.Answer answer = api.get("/metrics");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("Content-Type")).startsWith("text/plain");
            String exposition = new String(answer.response().body(), StandardCharsets.UTF_8);
            Set<String> offered = new TreeSet<>();
            Matcher types = Pattern.compile("(?m)^# TYPE (\\S+) (\\S+)$").matcher(exposition);
            while (types.find()) {
                offered.add(types.group(1));
            }
            // Each histogram has one: the document says so once.
            offered.removeIf(name -> name.endsWith("_max") && offered.contains(name.substring(0, name.length() - 4)));
            Set<String> documented = new TreeSet<>();
            Matcher rows = Pattern.compile("(?m)^\\| `([a-z0-9_]+)`").matcher(Files.readString(DOCUMENT));
            while (rows.find()) {
                documented.add(rows.group(1));
            }
            assertThat(offered)
                    .filteredOn(name -> name.startsWith("hufu_"))
                    .isEqualTo(documented.stream()
                            .filter(name -> name.startsWith("hufu_"))
                            .toList());
            assertThat(documented)
                    .containsAll(offered.stream()
                            .filter(name -> !name.startsWith("jvm_gc_"))
                            .toList());
            assertThat(exposition).doesNotContain(cancelled);
            try (HttpClient anybody = HttpClient.newHttpClient()) {
                URI uri = server.address().resolve("/metrics");
                assertThat(anybody.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding())
                                .statusCode())
                        .isEqualTo(401);
            }
        }
    }

    @Test
    void aConfigurationIsCheckedWithoutAStart(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("hufu.yaml");
        Files.writeString(file, "data: data\nqueue:\n  capacity: 5\n");
        assertThat(ServerProcess.exitOf("--config", file.toString(), "--check-config"))
                .isZero();
        assertThat(directory.resolve("data")).doesNotExist();
        Files.writeString(file, "data: data\nqueue:\n  capacity: none\nnothing: 1\n");
        assertThat(ServerProcess.exitOf("--config", file.toString(), "--check-config"))
                .isEqualTo(1);
        assertThat(ServerProcess.exitOf("--config", file.toString())).isEqualTo(1);
        assertThat(ServerProcess.exitOf("--queue", "none")).isEqualTo(2);
        assertThat(ServerProcess.exitOf(
                        "--listen",
                        "0.0.0.0:0",
                        "--data",
                        directory.resolve("d").toString()))
                .isEqualTo(1);
    }
}
