package dev.hufu.server.http;

import static dev.hufu.server.http.ApiFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.server.run.NodeAbilities;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Users and limits: what is allowed, what a node can do, and what the run then says of itself. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before each test.
final class OrderPolicyTest {
    private ApiFixture api;

    @BeforeEach
    void start(@TempDir Path data) throws IOException {
        api = new ApiFixture(data);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private HttpResponse<String> submit(String fields) {
        return api.submit("{\"exec\":{\"argv\":[\"true\"]}," + fields + "}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"me", "1000", "nobody", "65534:65534"})
    void theNodesOwnUserAndThoseThatAreAllowedAreTaken(String user) {
        HttpResponse<String> answer = submit("\"user\":\"" + user + "\"");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        assertThat(json(answer).get("user").asString()).isEqualTo(user);
    }

    @ParameterizedTest
    @ValueSource(strings = {"root", "0", "0:0", "65534", "nobody2", "1000:0", "65534:0"})
    void anyOtherUserIsForbiddenAndThatIsOnRecord(String user) {
        HttpResponse<String> refused = submit("\"user\":\"" + user + "\"");
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(json(refused).get("type").asString()).isEqualTo("urn:hufu:problem:forbidden");
        assertThat(json(refused).at("/errors/0/pointer").asString()).isEqualTo("/user");
        assertThat(api.store.audit()).singleElement().satisfies(event -> {
            assertThat(event.action()).isEqualTo("run.refused");
            assertThat(event.detail()).containsEntry("pointer", "/user");
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"limits\":{\"memory\":\"64MiB\"}|/limits/memory",
                "\"limits\":{\"cpu\":1}|/limits/cpu",
                "\"limits\":{\"pids\":9}|/limits/pids",
                "\"limits\":{\"files\":9}|/limits/files",
                "\"limits\":{\"onOutput\":\"block\"}|/limits/onOutput",
                "\"limits\":{\"onOutput\":\"kill\"}|/limits/onOutput",
                "\"user\":\"nobody\"|/user"
            })
    void whatTheNodeCannotDoIsRefusedAndNeverIgnored(String fields, String pointer) {
        api.abilities = NodeAbilities.of(Map.of());
        HttpResponse<String> refused = submit(fields);
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(json(refused).at("/errors/0/pointer").asString()).isEqualTo(pointer);
        api.abilities = NodeAbilities.of(Map.of(
                "limitMemory", "rlimit",
                "limitCpu", "cgroup",
                "limitPids", "cgroup",
                "limitFiles", "rlimit",
                "otherUsers", "true",
                "launcherCapabilities", "output-policies,reattach"));
        assertThat(submit(fields).statusCode()).isEqualTo(202);
    }

    @Test
    void theNodesOwnUserIsTakenAlsoWhereItCannotChange() {
        api.abilities = NodeAbilities.of(Map.of());
        assertThat(submit("\"user\":\"me\"").statusCode()).isEqualTo(202);
    }

    @Test
    void theRunSaysWhatItHas() {
        HttpResponse<String> answer =
                submit("\"limits\":{\"memory\":\"64MiB\",\"cpu\":1.5,\"pids\":9,\"files\":64,\"output\":\"1KiB\"}");
        assertThat(json(answer).get("limits")).hasToString("""
                        {"output":1024,"onOutput":"truncate","memory":67108864,"cpu":1.5,"pids":9,"files":64}""");
        assertThat(json(api.submit(ApiFixture.MINIMAL)).get("limits")).hasToString("""
                        {"output":16777216,"onOutput":"truncate","memory":null,"cpu":null,"pids":null,"files":null}""");
    }
}
