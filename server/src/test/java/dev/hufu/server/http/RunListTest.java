package dev.hufu.server.http;

import static dev.hufu.server.http.ApiFixture.MINIMAL;
import static dev.hufu.server.http.ApiFixture.RUNS;
import static dev.hufu.server.http.ApiFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.RunId;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class RunListTest {
    private ApiFixture api;

    @BeforeEach
    void start(@TempDir Path data) throws IOException {
        api = new ApiFixture(data);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private RunId labelled(String labels) {
        return api.accepted("{\"exec\":{\"argv\":[\"true\"]},\"labels\":" + labels + "}");
    }

    private List<String> found(String query) {
        HttpResponse<String> answer = api.get(RUNS + "?" + query);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(json(answer).get("nextCursor").isNull()).isTrue();
        return ids(json(answer));
    }

    private static List<String> ids(JsonNode page) {
        List<String> ids = new ArrayList<>();
        page.get("items").forEach(run -> ids.add(run.get("id").asString()));
        return ids;
    }

    @Test
    void runsComeNewestFirstInPagesOfFifty() {
        List<String> newestFirst = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            newestFirst.addFirst(api.accepted(MINIMAL).value());
        }
        JsonNode first = json(api.get(RUNS));
        assertThat(first.propertyNames()).containsExactly("items", "nextCursor");
        assertThat(ids(first)).isEqualTo(newestFirst.subList(0, 50));
        api.accepted(MINIMAL);
        JsonNode second = json(
                api.get(RUNS + "?limit=10&cursor=" + first.get("nextCursor").asString()));
        assertThat(ids(second)).isEqualTo(newestFirst.subList(50, 60));
        assertThat(second.get("nextCursor").isNull()).isTrue();
        assertThat(first.at("/items/0").toString())
                .isEqualTo(json(api.get(RUNS + "/" + newestFirst.getFirst())).toString());
    }

    @Test
    void anEmptyListIsAList() {
        assertThat(api.get(RUNS).body()).isEqualTo("{\"items\":[],\"nextCursor\":null}");
        HttpResponse<String> head = api.send(api.request(RUNS).method("HEAD", BodyPublishers.noBody()));
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(head.headers().firstValue("Content-Length")).contains("30");
    }

    @Test
    void eachFilterIsHonoured() {
        RunId failed = labelled("{\"team\":\"a\",\"ticket\":\"OPS=1 +\"}");
        api.start(failed);
        api.end(failed, new Outcome.Ending.Exited(1), Outcome.Output.NONE);
        RunId pending = labelled("{\"team\":\"a\",\"empty\":\"\"}");
        assertThat(found("state=FAILED")).containsExactly(failed.value());
        assertThat(found("state=PENDING")).containsExactly(pending.value());
        assertThat(found("node=local&createdBy=admin")).containsExactly(pending.value(), failed.value());
        assertThat(found("label=team=a")).containsExactly(pending.value(), failed.value());
        assertThat(found("label=team%3Da&label=ticket=OPS%3D1%20%2B")).containsExactly(failed.value());
        assertThat(found("label=team=a&label=team=a&label=empty=")).containsExactly(pending.value());
        assertThat(found("label=team=a&label=team=b")).isEmpty();
        for (String nobody : List.of("command=disk-usage", "node=web-1", "createdBy=bob", "state=CANCELLED")) {
            assertThat(found(nobody)).as(nobody).isEmpty();
        }
    }

    @Test
    void sinceIsInclusiveAndUntilExclusive() {
        RunId run = api.accepted(MINIMAL);
        String at = json(api.get(RUNS + "/" + run)).get("createdAt").asString();
        assertThat(run.time()).hasToString(at);
        assertThat(found("since=" + at)).containsExactly(run.value());
        assertThat(found("until=" + at)).isEmpty();
        String local = run.time().atOffset(ZoneOffset.ofHours(2)).toString().replace("+", "%2B");
        assertThat(found("since=" + local)).containsExactly(run.value());
        assertThat(found("since=" + at.replace("Z", "000001Z"))).isEmpty();
        assertThat(found("until=" + at.replace("Z", "000001z").replace("T", "t")))
                .containsExactly(run.value());
        assertThat(found("since=0000-01-01T00:00:00Z&until=9999-12-31T23:59:59.999999999-18:00"))
                .containsExactly(run.value());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "limit=0",
                "limit=501",
                "limit=1000000000",
                "limit=5&limit=5",
                "cursor=",
                "cursor=AAAAAAAAAAA",
                "cursor=eA&cursor=eA",
                "state=failed",
                "state=LOST",
                "state=PENDING&state=RUNNING",
                "node=",
                "createdBy=",
                "command=",
                "command=a&command=b",
                "label=",
                "label=a",
                "label==a",
                "labels=a=b",
                "since=2026-01-01",
                "since=2026-01-01T00:00:00",
                "since=2026-02-30T00:00:00Z",
                "since=2026-01-01T00:00:00+01:00",
                "since=2026-01-01T24:00:00Z",
                "since=now",
                "until=1767225600",
                "include=tasks",
                "offset=5",
                "STATE=PENDING"
            })
    void b17_parametersThatAreNoneAreNamed(String query) {
        HttpResponse<String> refused = api.get(RUNS + "?" + query);
        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(400);
        assertThat(json(refused).at("/errors/0/pointer").asString())
                .isEqualTo("/" + query.substring(0, query.indexOf('=')));
    }

    @Test
    void everythingThatIsWrongIsTold() {
        HttpResponse<String> refused = api.get(RUNS + "?state=x&node=&since=y&label=z&limit=0&cursor=c&page=2");
        assertThat(json(refused).get("errors").size()).isEqualTo(7);
        StringBuilder labels = new StringBuilder();
        for (int i = 0; i < 33; i++) {
            labels.append("label=l").append(i).append("=x&");
        }
        assertThat(api.get(RUNS + "?" + labels + "limit=1").statusCode()).isEqualTo(400);
    }

    @Test
    void b17_aCursorFitsItsListOnlyAndIsNotTamperedWith() {
        for (int i = 0; i < 3; i++) {
            labelled("{\"a\":\"1\",\"b\":\"2\"}");
        }
        String cursor = json(api.get(RUNS + "?limit=1&label=a=1&label=b=2"))
                .get("nextCursor")
                .asString();
        assertThat(found("label=b=2&label=a=1&cursor=" + cursor)).hasSize(2);
        for (String other : List.of("", "label=a=1&", "label=a=1&label=b=2&state=PENDING&", "label=a=2&label=b=1&")) {
            assertThat(api.get(RUNS + "?" + other + "cursor=" + cursor).statusCode())
                    .as(other)
                    .isEqualTo(400);
        }
        for (int i = 0; i < cursor.length(); i++) {
            char changed = cursor.charAt(i) == 'A' ? 'B' : 'A';
            String tampered = cursor.substring(0, i) + changed + cursor.substring(i + 1);
            assertThat(api.get(RUNS + "?label=a=1&label=b=2&cursor=" + tampered).statusCode())
                    .as(tampered)
                    .isEqualTo(400);
        }
    }
}
