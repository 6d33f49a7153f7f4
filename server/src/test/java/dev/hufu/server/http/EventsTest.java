package dev.hufu.server.http;

import static dev.hufu.server.http.ApiFixture.MINIMAL;
import static dev.hufu.server.http.ApiFixture.RUNS;
import static dev.hufu.server.http.ApiFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.RunId;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

@Timeout(60)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class EventsTest {
    private ApiFixture api;
    private RunId run;

    @BeforeEach
    void start(@TempDir Path data) throws IOException {
        api = new ApiFixture(data);
        run = api.accepted(MINIMAL);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private HttpRequest.Builder request() {
        return api.request(RUNS + "/" + run + "/events");
    }

    private Listener listen(String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = request();
        return new Listener(headers.length == 0 ? request : request.headers(headers));
    }

    private void end() {
        api.end(run, new Outcome.Ending.Exited(0), new Outcome.Output(1, 2, false, false));
    }

    private static String shown(Listener.Event event) {
        return event.id() + " " + event.name() + " " + event.data().get("state").asString();
    }

    private static List<String> shown(List<Listener.Event> events) {
        return events.stream().map(EventsTest::shown).toList();
    }

    @Test
    void theWholeHistoryThenWhatHappensUntilTheEnd() throws Exception {
        api.start(run);
        try (Listener listener = listen()) {
            assertThat(listener.response().statusCode()).isEqualTo(200);
            assertThat(listener.header("Content-Type")).isEqualTo("text/event-stream");
            assertThat(listener.header("Cache-Control")).isEqualTo("no-store");
            assertThat(shown(List.of(
                            listener.event(), listener.event(), listener.event(), listener.event(), listener.event())))
                    .containsExactly(
                            "1 run PENDING", "2 task PENDING", "3 task DISPATCHED", "4 run RUNNING", "5 task RUNNING");
            end();
            Listener.Event task = listener.event();
            Listener.Event last = listener.event();
            assertThat(shown(List.of(task, last))).containsExactly("6 task SUCCEEDED", "7 run SUCCEEDED");
            assertThat(listener.events()).isEmpty();
            assertThat(last.data()).isEqualTo(json(api.get(RUNS + "/" + run)));
            ObjectNode shown = json(api.get("/api/v1/tasks/" + run + ".0")).asObject();
            shown.remove("output");
            assertThat(task.data()).isEqualTo(shown);
        }
        try (Listener again = listen()) {
            assertThat(again.events()).hasSize(7);
        }
    }

    @Test
    void everyListenerHearsOfACancelAndOfTheEnd() throws Exception {
        try (Listener first = listen();
                Listener second = listen("Last-Event-ID", "2")) {
            api.send(api.request(RUNS + "/" + run + "/cancel").POST(HttpRequest.BodyPublishers.noBody()));
            assertThat(shown(second.events())).containsExactly("3 task CANCELLED", "4 run CANCELLED");
            List<Listener.Event> events = first.events();
            assertThat(shown(events)).hasSize(4).endsWith("3 task CANCELLED", "4 run CANCELLED");
            assertThat(events.getLast().data().get("cancelRequestedAt").isNull())
                    .isFalse();
        }
        api.awaitNoStreams();
    }

    @Test
    void aCancelThatWasAskedForIsAnEventBeforeTheEnd() throws Exception {
        api.start(run);
        try (Listener listener = listen("Last-Event-ID", "5")) {
            api.send(api.request(RUNS + "/" + run + "/cancel").POST(HttpRequest.BodyPublishers.noBody()));
            JsonNode asked = listener.event().data();
            assertThat(asked.get("state").asString()).isEqualTo("RUNNING");
            assertThat(asked.get("cancelRequestedAt").isNull()).isFalse();
            end();
            assertThat(shown(listener.events())).containsExactly("7 task SUCCEEDED", "8 run SUCCEEDED");
        }
    }

    @ParameterizedTest
    @CsvSource({"0,7", "3,4", "6,1", "7,0", "8,0", "99999999999999999999999,0", "'',7"})
    void lastEventIdResumesAfterIt(String id, int left) throws Exception {
        api.start(run);
        end();
        try (Listener listener = listen("Last-Event-ID", id)) {
            List<Listener.Event> events = listener.events();
            assertThat(events).hasSize(left);
            if (left > 0) {
                assertThat(events.getFirst().id()).isEqualTo(Integer.toString(8 - left));
            }
        }
    }

    @Test
    void oneBeyondTheLastGoesOnWithWhatHappens() throws Exception {
        try (Listener listener = listen("Last-Event-ID", "1000")) {
            // It has looked at the history by then.
            assertThat(listener.line()).isEqualTo(":");
            api.start(run);
            assertThat(shown(listener.event())).isEqualTo("3 task DISPATCHED");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "x", "1,2", "0x1", "1.0"})
    void b17_aMalformedLastEventIdIsRefused(String id) {
        HttpResponse<String> answer = api.send(request().header("Last-Event-ID", id));
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(json(answer).get("detail").asString()).contains("Last-Event-ID");
    }

    @Test
    void whatCannotBeServedIsAProblem() {
        assertThat(api.send(request().header("Accept", "application/json")).statusCode())
                .isEqualTo(400);
        assertThat(api.get(RUNS + "/" + run + "/events?after=1").statusCode()).isEqualTo(400);
        assertThat(api.get(RUNS + "/01hzzzzzzzzzzzzzzzzzzzzzzz/events").statusCode())
                .isEqualTo(404);
        assertThat(api.get(RUNS + "/..%2f/events").statusCode()).isEqualTo(404);
        assertThat(api.send(HttpRequest.newBuilder(api.uri(RUNS + "/" + run + "/events")))
                        .statusCode())
                .isEqualTo(401);
        HttpResponse<String> head = api.send(request().method("HEAD", HttpRequest.BodyPublishers.noBody()));
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        api.awaitNoStreams();
    }

    @Test
    void everyIdleSecondHasAHeartbeat() throws Exception {
        try (Listener listener = listen("Last-Event-ID", "2")) {
            long begin = System.nanoTime();
            assertThat(listener.line()).isEqualTo(":");
            assertThat(listener.line()).isEmpty();
            assertThat(listener.line()).isEqualTo(":");
            assertThat(Duration.ofNanos(System.nanoTime() - begin))
                    .isBetween(Duration.ofMillis(1_500), Duration.ofMillis(4_000));
        }
    }

    @Test
    void aClientThatClosesIsNoticed() throws Exception {
        try (Listener listener = listen()) {
            listener.event();
            assertThat(api.api.streams().size()).isEqualTo(1);
        }
        api.awaitNoStreams();
    }

    @Test
    void atTheEndOfADrainTheAnswerEndsAndNothingIsLost() throws Exception {
        try (Listener listener = listen("Last-Event-ID", "2")) {
            api.submissions.drain();
            Thread drain = Thread.ofPlatform().start(() -> {
                try {
                    api.server.drain(Duration.ofMillis(300));
                } catch (InterruptedException hurried) {
                    Thread.currentThread().interrupt();
                }
            });
            api.start(run);
            assertThat(shown(listener.events()))
                    .containsExactly("3 task DISPATCHED", "4 run RUNNING", "5 task RUNNING");
            drain.join();
        }
    }
}
