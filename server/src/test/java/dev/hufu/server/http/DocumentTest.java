package dev.hufu.server.http;

import static dev.hufu.server.http.ApiFixture.RUNS;
import static dev.hufu.server.http.ApiFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunState;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.auth.Permission;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The document and the server are held to each other. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class DocumentTest {
    private ApiFixture api;
    private JsonNode document;

    @BeforeAll
    void start(@TempDir Path data) throws IOException {
        api = new ApiFixture(data);
        HttpResponse<String> answer = api.get("/openapi.json");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
        document = json(answer);
    }

    @AfterAll
    void stop() {
        api.close();
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(each -> texts.add(each.asString()));
        return texts;
    }

    private JsonNode schema(String name) {
        return document.at("/components/schemas/" + name);
    }

    @Test
    void everyRouteIsInTheDocumentAndTheOtherWayRound() {
        List<String> documented = new ArrayList<>();
        document.get("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .propertyNames()
                        .forEach(method -> documented.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey())));
        assertThat(documented)
                .containsExactlyInAnyOrderElementsOf(api.api.routes().stream()
                        .map(route -> route.method() + " " + route.path())
                        .toList());
    }

    @Test
    void publicRoutesAreMarked() {
        for (Route route : api.api.routes()) {
            JsonNode operation =
                    document.get("paths").get(route.path()).get(route.method().toLowerCase(Locale.ROOT));
            assertThat(operation.has("security")).as(route.path()).isEqualTo(route.permission() == Permission.PUBLIC);
            assertThat(operation.at("/responses/401").isMissingNode())
                    .as(route.path())
                    .isEqualTo(route.permission() == Permission.PUBLIC);
        }
    }

    @Test
    void everyReferenceLeadsSomewhere() {
        document.findValuesAsString("$ref")
                .forEach(reference -> assertThat(
                                document.at(reference.substring(1)).isMissingNode())
                        .as(reference)
                        .isFalse());
    }

    @Test
    void closedSetsAreComplete() {
        assertThat(texts(schema("TaskState").get("enum")))
                .containsExactlyElementsOf(
                        Stream.of(TaskState.values()).map(Enum::name).toList());
        assertThat(texts(schema("RunState").get("enum")))
                .containsExactlyElementsOf(
                        Stream.of(RunState.values()).map(Enum::name).toList());
        assertThat(texts(schema("Reason").get("enum")))
                .containsAll(Stream.of(Reason.values()).map(Reason::word).toList());
        assertThat(texts(schema("Problem").at("/properties/type/enum")))
                .containsExactlyInAnyOrderElementsOf(Stream.of(ErrorKind.values())
                        .map(kind -> "urn:hufu:problem:" + kind.code())
                        .toList());
    }

    @Test
    void answersHaveTheFieldsOfTheirSchemas() {
        RunId id = api.accepted(ApiFixture.MINIMAL);
        api.start(id);
        api.end(id, new Outcome.Ending.Exited(0), Outcome.Output.NONE);
        JsonNode run = json(api.get(RUNS + "/" + id));
        assertFields("Run", run);
        assertFields("Counts", run.get("counts"));
        JsonNode task = json(api.get("/api/v1/tasks/" + id + ".0"));
        assertFields("Task", task);
        assertFields("Attempt", task.at("/attempts/0"));
        assertFields("Usage", task.get("usage"));
        assertFields("Node", json(api.get("/api/v1/nodes/local")));
        JsonNode problem = json(api.submit("{}"));
        assertThat(problem.propertyNames())
                .containsExactlyInAnyOrderElementsOf(
                        schema("Problem").get("properties").propertyNames());
    }

    private void assertFields(String schema, JsonNode answer) {
        assertThat(answer.propertyNames())
                .as(schema)
                .containsExactlyInAnyOrderElementsOf(texts(schema(schema).get("required")))
                .containsExactlyInAnyOrderElementsOf(
                        schema(schema).get("properties").propertyNames());
    }

    @Test
    void requestFieldsAreThoseThatAreRead() {
        assertThat(schema("RunRequest").get("properties").propertyNames())
                .containsExactlyInAnyOrder(
                        "exec",
                        "env",
                        "cwd",
                        "user",
                        "stdin",
                        "timeout",
                        "killGrace",
                        "expiresAfter",
                        "retry",
                        "limits",
                        "labels",
                        "targets",
                        "priority");
    }
}
