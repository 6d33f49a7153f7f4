package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Runs that take more than they may, through a whole server whose machine can hold them to it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class LimitsTest {
    private static final Duration HEALTHY_WITHIN = Duration.ofSeconds(5);
    private static final String BOMB = "bomb() { bomb | bomb & }; bomb; sleep 300";
    private static final String GREED = "sleep 300 & dd if=/dev/zero of=/dev/null bs=256M count=1; sleep 300";

    private ServerProcess server;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        server = ServerProcess.started(directory.resolve("data"));
    }

    @AfterAll
    void stop() {
        server.close();
    }

    /** Only a group counts all of a tree, and tells. */
    private void assumeGroupsKeep(String limit) throws Exception {
        Eventually.holds("the node's facts", Api.PATIENCE, () -> !fact(limit).isEmpty());
        assumeTrue(fact(limit).equals("cgroup"), limit + " is not kept by control groups here");
    }

    private String fact(String name) {
        try {
            return server.api()
                    .get("/api/v1/nodes/local")
                    .body()
                    .get("facts")
                    .path(name)
                    .asString("");
        } catch (Exception unreachable) {
            throw new AssertionError(unreachable);
        }
    }

    private static Map<String, Object> limited(String script, String limit, Object value) {
        return Map.of("exec", Map.of("argv", List.of("sh", "-c", script)), "limits", Map.of(limit, value));
    }

    /** The longest that an answer of {@code /healthz} took while this was done. */
    private Duration slowestHealthCheckDuring(Callable<Void> action) throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        try (HttpClient client = HttpClient.newHttpClient();
                ExecutorService asker = Executors.newSingleThreadExecutor()) {
            HttpRequest health = HttpRequest.newBuilder(URI.create(server.address() + "/healthz"))
                    .timeout(HEALTHY_WITHIN)
                    .build();
            Future<Duration> slowest = asker.submit(() -> {
                long most = 0;
                while (!over.get()) {
                    long before = System.nanoTime();
                    int status = client.send(health, HttpResponse.BodyHandlers.discarding())
                            .statusCode();
                    most = Math.max(most, System.nanoTime() - before);
                    assertThat(status).isEqualTo(200);
                    Thread.sleep(10);
                }
                return Duration.ofNanos(most);
            });
            try {
                action.call();
            } finally {
                over.set(true);
            }
            return slowest.get();
        }
    }

    @Test
    void f20_b34_aForkBombEndsAtItsLimitWithItsTreeAndTheServerAnswersThroughout() throws Exception {
        assumeGroupsKeep("limitPids");
        Duration slowest = slowestHealthCheckDuring(() -> {
            String canary = server.api().submit(Api.argv("sleep", "300"));
            server.api().awaitRunning(canary);
            for (int i = 0; i < 3; i++) {
                String run = server.api().submit(limited(BOMB, "pids", 50));
                JsonNode task = server.api().awaitTask(run);
                assertThat(Api.state(task)).as("%s", task).isEqualTo("FAILED");
                assertThat(task.get("reason").asString()).isEqualTo("pid-limit");
                assertThat(task.at("/attempts/0/killReport/cause").asString()).isEqualTo("pids");
                assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run)).isEmpty();
            }
            assertThat(Api.state(server.api().task(canary))).isEqualTo("RUNNING");
            server.api().kill(canary);
            assertThat(Api.state(server.api().awaitTask(canary))).isEqualTo("CANCELLED");
            return null;
        });
        assertThat(slowest).isLessThan(HEALTHY_WITHIN);
    }

    @Test
    void f21_whatTakesTooMuchMemoryEndsAloneAndItsNeighbourLives() throws Exception {
        assumeGroupsKeep("limitMemory");
        String canary = server.api().submit(limited("echo here; exec sleep 300", "memory", "32MiB"));
        JsonNode before = server.api().awaitRunning(canary);
        String run = server.api().submit(limited(GREED, "memory", "32MiB"));
        JsonNode task = server.api().awaitTask(run);
        assertThat(Api.state(task)).as("%s", task).isEqualTo("FAILED");
        assertThat(task.get("reason").asString()).isEqualTo("memory-limit");
        assertThat(task.at("/attempts/0/killReport/cause").asString()).isEqualTo("memory");
        assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run)).isEmpty();

        JsonNode lives = server.api().task(canary);
        assertThat(Api.state(lives)).isEqualTo("RUNNING");
        assertThat(lives.get("startedAt")).isEqualTo(before.get("startedAt"));
        server.api().kill(canary);
        JsonNode ended = server.api().awaitTask(canary);
        assertThat(Api.state(ended)).isEqualTo("CANCELLED");
        assertThat(server.api().stdout(canary)).isEqualTo("here\n");
    }
}
