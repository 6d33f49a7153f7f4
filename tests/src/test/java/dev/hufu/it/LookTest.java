package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What a running task is doing, and signals to it, through a whole server; also one that was restarted. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class LookTest {
    private ServerProcess server;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        server = ServerProcess.started(directory.resolve("data"));
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private Api api() {
        return server.api();
    }

    private JsonNode processes(String run) throws Exception {
        Api.Answer answer = api().get("/api/v1/tasks/" + run + ".0/processes");
        assertThat(answer.status()).as("%s", answer.body()).isEqualTo(200);
        return answer.body();
    }

    private int signal(String run, String signal, boolean wholeTree) throws Exception {
        return api().post("/api/v1/tasks/" + run + ".0/signal", Map.of("signal", signal, "wholeTree", wholeTree))
                .status();
    }

    @Test
    void aRunAndItsTasksAreSeenAsTheyWereAtOneMoment() throws Exception {
        for (int i = 0; i < 60; i++) {
            String path = "/api/v1/runs/" + api().submit(Api.argv("true")) + "?include=tasks";
            JsonNode run = api().get(path).body();
            while (!run.get("state").asString().equals("SUCCEEDED")) {
                assertCounted(run);
                run = api().get(path).body();
            }
            assertCounted(run);
        }
    }

    private static void assertCounted(JsonNode run) {
        String state = run.at("/tasks/0/state").asString();
        assertThat(run.get("counts").get(state.toLowerCase(Locale.ROOT)).asInt())
                .as("%s", run)
                .isOne();
    }

    /** Output may be there before the server has heard of the start. */
    private void awaitOutput(String run, String text) throws Exception {
        api().awaitRunning(run);
        Eventually.holds(text + " is written", Api.PATIENCE, () -> {
            try {
                return api().stdout(run).contains(text);
            } catch (Exception failed) {
                throw new IllegalStateException(failed);
            }
        });
    }

    private static List<String> commands(JsonNode processes) {
        return processes.get("processes").findValuesAsString("command");
    }

    @Test
    void theTreeOfATaskIsToldAlsoByTheNextServer() throws Exception {
        String run = api().submit(Api.shell("setsid sleep 1001 & sleep 1002 & echo up; wait"));
        awaitOutput(run, "up");
        // They may be shells and a setsid still, about to become these.
        Eventually.holds("the tree stands", Api.PATIENCE, () -> {
            try {
                return commands(processes(run)).containsAll(List.of("sleep 1001", "sleep 1002"));
            } catch (Exception failed) {
                throw new IllegalStateException(failed);
            }
        });
        JsonNode before = processes(run);
        assertThat(commands(before)).hasSize(3);
        JsonNode main = before.at("/processes/0");
        assertThat(main.get("name").asString()).isEqualTo("sh");
        assertThat(before.get("processes").findValuesAsString("parentPid"))
                .as("orphans have another parent")
                .contains(main.get("pid").asString());
        assertThat(before.toString()).doesNotContain("HUFU_TASK_ID=");

        assertThat(server.terminate()).isZero();
        server.start();
        Eventually.holds("the task is followed again", Api.PATIENCE, () -> {
            try {
                return api().get("/api/v1/tasks/" + run + ".0/processes").status() == 200;
            } catch (Exception failed) {
                throw new IllegalStateException(failed);
            }
        });
        assertThat(commands(processes(run))).containsExactlyInAnyOrderElementsOf(commands(before));

        api().kill(run);
        api().awaitTask(run);
        assertThat(api().get("/api/v1/tasks/" + run + ".0/processes").status()).isEqualTo(409);
    }

    @Test
    void aSignalReachesTheMainProcessOrAll() throws Exception {
        // Not QUIT: a shell has its children in the background ignore that.
        String script = "trap 'echo main' USR1; (trap 'echo child' USR1; echo up; while :; do sleep 0.05; done) &"
                + " while :; do sleep 0.05; done";
        String run = api().submit(Api.shell(script));
        awaitOutput(run, "up");
        assertThat(signal(run, "SIGUSR1", false)).isEqualTo(202);
        awaitOutput(run, "main");
        assertThat(api().stdout(run)).doesNotContain("child");
        assertThat(signal(run, "SIGUSR1", true)).isEqualTo(202);
        awaitOutput(run, "child");
        api().kill(run);
        api().awaitTask(run);
        assertThat(signal(run, "SIGUSR1", false)).isEqualTo(409);
    }

    @Test
    void aJavaProgramWritesItsThreadsWhenItIsSentQuit(@TempDir Path directory) throws Exception {
        Path source = Files.writeString(
                directory.resolve("Waiting.java"),
                "void main() throws Exception { IO.println(\"up\"); Thread.sleep(1_000_000); }");
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String run = api().submit(Api.argv(java, source.toString()));
        awaitOutput(run, "up");
        assertThat(signal(run, "SIGQUIT", false)).isEqualTo(202);
        awaitOutput(run, "Full thread dump");
        assertThat(Api.state(api().task(run))).isEqualTo("RUNNING");
        api().kill(run);
    }

    @Test
    void aSignalIsNoCancel() throws Exception {
        String run = api().submit(Api.argv("sleep", "1000"));
        api().awaitRunning(run);
        assertThat(signal(run, "SIGTERM", false)).isEqualTo(202);
        JsonNode task = api().awaitTask(run);
        assertThat(Api.state(task)).isEqualTo("FAILED");
        assertThat(task.get("reason").asString()).isEqualTo("signal");
        assertThat(task.get("signal").asString()).isEqualTo("SIGTERM");
    }

    @Test
    void whatIsStoppedGoesOnWithContAndCanBeCancelledMeanwhile() throws Exception {
        String run = api().submit(Api.shell("echo up; while :; do sleep 0.05; done"));
        awaitOutput(run, "up");
        assertThat(signal(run, "SIGSTOP", true)).isEqualTo(202);
        Eventually.holds("it is stopped", Api.PATIENCE, () -> {
            try {
                return processes(run).at("/processes/0/state").asString().equals("STOPPED");
            } catch (Exception failed) {
                throw new IllegalStateException(failed);
            }
        });
        assertThat(Api.state(api().task(run))).isEqualTo("RUNNING");
        api().cancel(run);
        assertThat(Api.state(api().awaitTask(run))).isEqualTo("CANCELLED");
    }
}
