package dev.hufu.server.http;

import static dev.hufu.server.http.ApiFixture.MINIMAL;
import static dev.hufu.server.http.ApiFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.server.Core;
import dev.hufu.server.FakeAgent;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class NodeTest {
    private static final String NODES = "/api/v1/nodes";

    private ApiFixture api;

    @BeforeEach
    void start(@TempDir Path data) throws IOException {
        api = new ApiFixture(data);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private JsonNode node(String name) {
        HttpResponse<String> answer = api.get(NODES + "/" + name);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return json(answer);
    }

    private FakeAgent connected(String name) throws InterruptedException {
        FakeAgent agent = new FakeAgent(api.sessions, name).hello(7);
        Core.await(
                name + " is online",
                () -> api.get(NODES + "/" + name).statusCode() == 200
                        && node(name).get("state").asString().equals("ONLINE"));
        return agent;
    }

    @Test
    void nodeLocalIsThereBeforeItsAgentIs() {
        assertThat(node("local").toString())
                .isEqualTo("{\"name\":\"local\",\"state\":\"OFFLINE\",\"labels\":{},\"facts\":{},"
                        + "\"agentVersion\":null,\"running\":0,\"capacity\":null,\"lastSeenAt\":null}");
    }

    @Test
    void aConnectedNodeTellsOfItself() throws InterruptedException {
        connected("local");
        api.start(api.accepted(MINIMAL));
        api.accepted(MINIMAL);
        JsonNode node = node("local");
        assertThat(node.get("facts").toString()).isEqualTo("{\"arch\":\"amd64\"}");
        assertThat(node.get("agentVersion").asString()).isEqualTo("1");
        assertThat(node.get("running").asInt()).isEqualTo(1);
        assertThat(node.get("capacity").asInt()).isEqualTo(7);
        assertThat(Instant.parse(node.get("lastSeenAt").asString()))
                .isBetween(api.now().minusSeconds(60), api.now());
        assertThat(json(api.get(NODES)).at("/items/0/facts").toString()).isEqualTo("{\"arch\":\"amd64\"}");
    }

    @Test
    void whileTheServerDrainsItsNodesDo() throws InterruptedException {
        connected("local");
        api.submissions.drain();
        assertThat(node("local").get("state").asString()).isEqualTo("DRAINING");
    }

    @Test
    void aNodeThatIsGoneIsRemembered() throws InterruptedException {
        FakeAgent agent = connected("web-1");
        agent.session().disconnected();
        JsonNode node = node("web-1");
        assertThat(node.get("state").asString()).isEqualTo("OFFLINE");
        assertThat(node.get("agentVersion").asString()).isEqualTo("1");
        assertThat(node.get("lastSeenAt").isNull()).isFalse();
    }

    @Test
    void nodesComeInPagesInOrderOfName() throws InterruptedException {
        connected("web-1");
        connected("edge");
        JsonNode first = json(api.get(NODES + "?limit=2"));
        assertThat(first.at("/items/0/name").asString()).isEqualTo("edge");
        assertThat(first.at("/items/1/name").asString()).isEqualTo("local");
        JsonNode second =
                json(api.get(NODES + "?cursor=" + first.get("nextCursor").asString()));
        assertThat(second.get("items").size()).isEqualTo(1);
        assertThat(second.at("/items/0/name").asString()).isEqualTo("web-1");
        assertThat(second.get("nextCursor").isNull()).isTrue();
    }

    @Test
    void b17_whatIsNotAskedForIsRefused() {
        for (String query : List.of("limit=0", "cursor=x", "state=ONLINE", "limit=1&limit=1")) {
            assertThat(api.get(NODES + "?" + query).statusCode()).as(query).isEqualTo(400);
        }
        assertThat(api.get(NODES + "/local?x=1").statusCode()).isEqualTo(400);
        assertThat(api.get(NODES + "/nowhere").statusCode()).isEqualTo(404);
        assertThat(api.get(NODES + "/%2e%2e").statusCode()).isIn(400, 404);
    }

    @Test
    void b62_anAgentThatSaysTooMuchOfItselfIsLeftOut() throws InterruptedException {
        Map<String, String> many = new HashMap<>();
        for (int i = 0; i < 65; i++) {
            many.put("fact-" + i, "x");
        }
        for (Map<String, String> facts : List.of(many, Map.of("long", "x".repeat(1_025)))) {
            new FakeAgent(api.sessions, "web-1").hello(1, facts);
            Core.await(
                    "its session is closed", () -> api.sessions.session("web-1").isEmpty());
        }
        assertThat(api.get(NODES + "/web-1").statusCode()).isEqualTo(404);
    }
}
