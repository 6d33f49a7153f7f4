package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Runs as another user, through a whole server that may change users. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class UserTest {
    private ServerProcess server;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        Path config = Files.writeString(
                directory.resolve("hufu.yaml"), "execution:\n  users: [nobody, no-such-user, \"4711:4712\"]\n");
        server = ServerProcess.started(directory.resolve("data"), "--config", config.toString());
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private JsonNode facts() throws Exception {
        JsonNode facts = server.api().get("/api/v1/nodes/local").body().get("facts");
        for (int i = 0; facts.isEmpty() && i < 500; i++) {
            Thread.sleep(10);
            facts = server.api().get("/api/v1/nodes/local").body().get("facts");
        }
        return facts;
    }

    private void assumeThatUsersCanBeChanged() throws Exception {
        assumeTrue(facts().get("otherUsers").asString().equals("true"), "a server that may change users");
    }

    private JsonNode run(String user, String script) throws Exception {
        return server.api().run(Map.of("exec", Map.of("argv", List.of("sh", "-c", script)), "user", user));
    }

    @Test
    void aRunHasItsUsersNameHomeAndCheckpointDirectory() throws Exception {
        assumeThatUsersCanBeChanged();
        JsonNode task = run(
                "nobody",
                "id -un; echo $USER $LOGNAME; pwd; touch $HUFU_CHECKPOINT_DIR/x && stat -c '%U %a' $HUFU_CHECKPOINT_DIR;"
                        + " echo $HUFU_CHECKPOINT_DIR");
        String run = task.get("runId").asString();
        List<String> lines = server.api().stdout(run).lines().toList();
        assertThat(lines.subList(0, 4)).containsExactly("nobody", "nobody nobody", "/", "nobody 700");
        Path checkpoint = Path.of(lines.getLast());
        assertThat(checkpoint.getFileName()).hasToString(run + ".0");
        Eventually.holds("it is removed after the end", Api.PATIENCE, () -> Files.notExists(checkpoint));
    }

    @Test
    void aNumberNeedsNoName() throws Exception {
        assumeThatUsersCanBeChanged();
        JsonNode task = run("4711:4712", "id -u; id -g; echo $HOME");
        assertThat(server.api().stdout(task.get("runId").asString())).isEqualTo("4711\n4712\n/\n");
    }

    @Test
    void f25_aUserThatIsNotThereStartsNothing() throws Exception {
        assumeThatUsersCanBeChanged();
        JsonNode task = run("no-such-user", "id");
        assertThat(Api.state(task)).isEqualTo("FAILED");
        assertThat(task.get("reason").asString()).isEqualTo("spawn-failed");
        assertThat(task.at("/spawnError/stage").asString()).isEqualTo("user");
    }

    @Test
    void anyOtherUserIsForbidden() throws Exception {
        facts();
        Api.Answer refused =
                server.api().post("/api/v1/runs", Map.of("exec", Map.of("argv", List.of("id")), "user", "daemon"));
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.body().at("/errors/0/pointer").asString()).isEqualTo("/user");
    }
}
