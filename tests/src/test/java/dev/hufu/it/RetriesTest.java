package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Runs with more than one attempt, over whole servers. */
final class RetriesTest {
    /** Notes each attempt in what the attempts share, and succeeds in the third. */
    private static final String THIRD_TIME = """
            echo "attempt $HUFU_ATTEMPT after $(cat "$HUFU_CHECKPOINT_DIR/last" 2>/dev/null)"
            echo "$HUFU_ATTEMPT" > "$HUFU_CHECKPOINT_DIR/last"
            test "$HUFU_ATTEMPT" = 3""";

    private static Map<String, Object> retried(String script, Map<String, Object> retry) {
        return Map.of("exec", Map.of("script", script), "timeout", "1m", "killGrace", "0s", "retry", retry);
    }

    private static JsonNode awaitState(Api api, String run, String state) throws Exception {
        JsonNode task = api.task(run);
        while (!Api.state(task).equals(state)) {
            assertThat(Api.state(task)).as("%s", task).isIn("PENDING", "DISPATCHED", "RUNNING");
            Thread.sleep(20);
            task = api.task(run);
        }
        return task;
    }

    @Test
    void aTaskIsTriedUntilItSucceedsAndItsAttemptsShareADirectory(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            String run = server.api().submit(retried(THIRD_TIME, Map.of("maxAttempts", 5, "backoff", "50ms")));
            JsonNode task = server.api().awaitTask(run);
            assertThat(Api.state(task)).as("%s", task).isEqualTo("SUCCEEDED");
            assertThat(task.get("attempt").asInt()).isEqualTo(3);
            assertThat(task.get("nextAttemptAt").isNull()).isTrue();
            assertThat(task.at("/attempts/0/state").asString()).isEqualTo("FAILED");
            assertThat(task.at("/attempts/1/exitCode").asInt()).isEqualTo(1);
            assertThat(server.api().stdout(run)).isEqualTo("attempt 3 after 2\n");
            assertThat(server.api().outputBytes(run, "stream=stdout&attempt=1"))
                    .isEqualTo("attempt 1 after \n".getBytes(StandardCharsets.UTF_8));
            Path shared = data.resolve("agent/checkpoints/" + run + ".0");
            Eventually.holds("what they shared is gone", Api.PATIENCE, () -> Files.notExists(shared));
        }
    }

    @Test
    void timeoutsAreTriedAgainUntilTheAttemptsAreSpent(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            String run = server.api()
                    .submit(Map.of(
                            "exec",
                            Map.of("argv", List.of("sleep", "1000")),
                            "timeout",
                            "200ms",
                            "killGrace",
                            "0s",
                            "retry",
                            Map.of("maxAttempts", 2, "backoff", "0s", "maxBackoff", "0s")));
            JsonNode task = server.api().awaitTask(run);
            assertThat(Api.state(task)).as("%s", task).isEqualTo("TIMED_OUT");
            assertThat(task.get("attempts")).hasSize(2);
            assertThat(task.at("/attempts/0/state").asString()).isEqualTo("TIMED_OUT");
            assertThat(task.at("/attempts/0/killReport/cause").asString()).isEqualTo("deadline");
        }
    }

    @Test
    void aWaitSurvivesTheServerAndACancelEndsIt(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            String comes =
                    server.api().submit(retried("test $HUFU_ATTEMPT = 2", Map.of("maxAttempts", 2, "backoff", "2s")));
            String waits = server.api()
                    .submit(retried("exit 3", Map.of("maxAttempts", 9, "backoff", "10h", "maxBackoff", "10h")));
            JsonNode task = awaitState(server.api(), waits, "RETRYING");
            assertThat(task.get("nextAttemptAt").isString()).isTrue();
            assertThat(task.get("exitCode").asInt()).isEqualTo(3);
            server.kill9();
            server.start();
            assertThat(Api.state(server.api().awaitTask(comes))).isEqualTo("SUCCEEDED");
            assertThat(Api.state(server.api().task(waits))).isEqualTo("RETRYING");
            assertThat(server.api().cancel(waits).status()).isEqualTo(202);
            JsonNode ended = server.api().awaitTask(waits);
            assertThat(Api.state(ended)).isEqualTo("CANCELLED");
            assertThat(ended.at("/attempts/0/state").asString()).isEqualTo("FAILED");
            Path shared = data.resolve("agent/checkpoints/" + waits + ".0");
            Eventually.holds("what they shared is gone", Api.PATIENCE, () -> Files.notExists(shared));
        }
    }

    @Test
    void f19_whatIsLostIsTriedAgainWhereTheCallerAllowsIt(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            String script = "test $HUFU_ATTEMPT = 2 || sleep 1000";
            Map<String, Object> once =
                    Map.of("maxAttempts", 3, "backoff", "0s", "maxBackoff", "0s", "on", List.of("exit"));
            Map<String, Object> again =
                    Map.of("maxAttempts", 3, "backoff", "0s", "maxBackoff", "0s", "on", List.of("lost"));
            String lost = server.api().submit(retried(script, once));
            String retried = server.api().submit(retried(script, again));
            server.api().awaitRunning(lost);
            server.api().awaitRunning(retried);
            CrashTest.killAll(server, lost, retried);
            server.start();
            assertThat(Api.state(server.api().awaitTask(lost))).isEqualTo("LOST");
            JsonNode task = server.api().awaitTask(retried);
            assertThat(Api.state(task)).as("%s", task).isEqualTo("SUCCEEDED");
            assertThat(task.at("/attempts/0/state").asString()).isEqualTo("LOST");
            assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + retried)).isEmpty();
        }
    }
}
