package dev.hufu.server.http;

import static dev.hufu.server.http.ApiFixture.MINIMAL;
import static dev.hufu.server.http.ApiFixture.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.RunId;
import dev.hufu.server.output.AttemptOutput.Stream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Output in frames, and output that is followed. */
@Timeout(60)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class FollowTest {
    private static final String FRAMES = "application/x-ndjson";
    private static final String EVENTS = "text/event-stream";

    private ApiFixture api;
    private RunId run;
    private AttemptId attempt;

    @BeforeEach
    void start(@TempDir Path data) throws IOException {
        api = new ApiFixture(data);
        run = api.accepted(MINIMAL);
        attempt = new AttemptId(run.task(0), 1);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private FakeOutputStore.Written started() {
        FakeOutputStore.Written written = api.outputs.of(attempt);
        api.start(run);
        return written;
    }

    private HttpRequest.Builder request(String query) {
        return api.request("/api/v1/tasks/" + run + ".0/output" + query);
    }

    private Listener listen(String query, String accept) throws IOException, InterruptedException {
        return new Listener(request(query).header("Accept", accept));
    }

    private void end(long stdout, long stderr, boolean truncated) {
        api.end(run, new Outcome.Ending.Exited(0), new Outcome.Output(stdout, stderr, truncated, false));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** As in {@code out 0 abc}; base64 in angle brackets. */
    private static String shown(JsonNode frame) {
        if (frame.has("end")) {
            return "end " + frame.get("end").get("stdoutBytes") + " "
                    + frame.get("end").get("stderrBytes") + " "
                    + frame.get("end").get("truncated");
        }
        String stream = frame.get("stream").asString().substring(3);
        if (frame.has("gap")) {
            return stream + " gap " + frame.get("gap").get("from") + "-"
                    + frame.get("gap").get("to");
        }
        assertThat(frame.get("at").asString()).matches("....-..-..T..:..:..\\....Z");
        String data = frame.has("text")
                ? frame.get("text").asString()
                : "<" + frame.get("base64").asString() + ">";
        return stream + " " + frame.get("offset") + " " + data;
    }

    private static List<String> shown(List<JsonNode> frames) {
        return frames.stream().map(FollowTest::shown).toList();
    }

    @Test
    void framesComeAsTheProcessWritesAndEndWithTheTask() throws Exception {
        FakeOutputStore.Written written = started();
        try (Listener listener = listen("?follow=true", FRAMES)) {
            assertThat(listener.header("Content-Type")).isEqualTo(FRAMES);
            assertThat(listener.header("Hufu-Output-Complete")).isEmpty();
            written.write(Stream.STDOUT, bytes("ä\n\u0000\"\\"));
            assertThat(shown(listener.frame())).isEqualTo("out 0 ä\n\u0000\"\\");
            written.write(Stream.STDERR, bytes("oops"));
            assertThat(shown(listener.frame())).isEqualTo("err 0 oops");
            written.write(Stream.STDOUT, bytes("last"));
            end(10, 4, false);
            assertThat(shown(listener.frames())).containsExactly("out 6 last", "end 10 4 false");
        }
        api.awaitNoStreams();
        assertThat(api.pulse.size()).isZero();
    }

    @Test
    void betweenStreamsItIsTheOrderOfArrivalAndWhatCameTogetherIsOneFrame() throws Exception {
        long second = 1_000_000_000;
        started()
                .write(Stream.STDOUT, bytes("a"), second)
                .write(Stream.STDOUT, bytes("b"), second + 1)
                .write(Stream.STDERR, bytes("1"), second + 2)
                .write(Stream.STDOUT, bytes("c"), second + 3)
                .write(Stream.STDOUT, bytes("d"), 2 * second)
                .write(Stream.STDERR, bytes("2"), 2 * second);
        try (Listener listener = listen("", FRAMES)) {
            assertThat(listener.header("Hufu-Output-Complete")).isEqualTo("false");
            List<JsonNode> frames = listener.frames();
            assertThat(shown(frames)).containsExactly("out 0 ab", "err 0 1", "out 2 c", "out 3 d", "err 1 2");
            assertThat(frames.getFirst().get("at").asString()).isEqualTo("1970-01-01T00:00:01.000Z");
        }
        end(4, 2, false);
        try (Listener listener = listen("?stream=stderr", FRAMES)) {
            assertThat(listener.header("Hufu-Output-Complete")).isEqualTo("true");
            assertThat(shown(listener.frames())).containsExactly("err 0 1", "err 1 2");
        }
        try (Listener listener = listen("?stdoutOffset=1&stderrOffset=1&follow=true", FRAMES)) {
            assertThat(shown(listener.frames()))
                    .containsExactly("out 1 b", "out 2 c", "out 3 d", "err 1 2", "end 4 2 false");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "?stream=stdout&offset=2,out 2 c|end 3 1 false",
        "?stream=stdout&limit=2,out 0 ab",
        "?stream=stderr&stderrOffset=1,end 3 1 false",
        "?stream=stderr&offset=99,end 3 1 false",
        "?stdoutOffset=3,err 0 1|end 3 1 false",
        "?limit=4,out 0 abc|err 0 1",
        "?attempt=1&stdoutOffset=2&stderrOffset=9,out 2 c|end 3 1 false"
    })
    void aFollowBeginsWhereItIsAskedTo(String query, String expected) throws Exception {
        started().write(Stream.STDOUT, bytes("abc")).write(Stream.STDERR, bytes("1"));
        end(3, 1, false);
        try (Listener listener = listen(query + "&follow=true", FRAMES)) {
            assertThat(String.join("|", shown(listener.frames()))).isEqualTo(expected);
        }
    }

    @Test
    void eventsNameWhereTheNextBeginsAndResumeThere() throws Exception {
        started()
                .write(Stream.STDOUT, bytes("abc"))
                .write(Stream.STDERR, bytes("1"))
                .write(Stream.STDOUT, bytes("de"));
        end(5, 1, false);
        try (Listener listener = listen("?follow=true&stdoutOffset=1", EVENTS)) {
            assertThat(listener.header("Content-Type")).isEqualTo(EVENTS);
            List<Listener.Event> events = listener.events();
            assertThat(events.stream().map(Listener.Event::id)).containsExactly("3,0", "3,1", "5,1", "");
            assertThat(events.stream().map(each -> shown(each.data())))
                    .containsExactly("out 1 bc", "err 0 1", "out 3 de", "end 5 1 false");
        }
        HttpRequest.Builder again =
                request("?follow=true&stdoutOffset=1").headers("Accept", EVENTS, "Last-Event-ID", "3,1");
        try (Listener listener = new Listener(again)) {
            assertThat(listener.events().stream().map(each -> shown(each.data())))
                    .containsExactly("out 3 de", "end 5 1 false");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "1,", ",", "a,b", "-1,0", "1,2,3", "99999999999999999999,0"})
    void b17_aMalformedLastEventIdIsRefused(String id) {
        assertThat(api.send(request("?follow=true").headers("Accept", EVENTS, "Last-Event-ID", id))
                        .statusCode())
                .isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource({
        "follow=maybe,/follow",
        "follow=,/follow",
        "stdoutOffset=-1,/stdoutOffset",
        "stderrOffset=9223372036854775808,/stderrOffset",
        "limit=0,/limit",
        "offset=1,/offset",
        "stream=stdout&offset=1&stdoutOffset=1,/offset",
        "follow=true&follow=true,/follow",
        "tail=1,/tail"
    })
    void b17_parametersThatAreWrong(String query, String pointer) {
        assertThat(json(api.send(request("?" + query).header("Accept", FRAMES)))
                        .at("/errors/0/pointer")
                        .asString())
                .isEqualTo(pointer);
    }

    @Test
    void positionsOfBothStreamsNeedFrames() {
        JsonNode problem = json(api.send(request("?stdoutOffset=1&stderrOffset=1")));
        assertThat(problem.at("/errors/0/pointer").asString()).isEqualTo("/stdoutOffset");
        assertThat(problem.at("/errors/1/pointer").asString()).isEqualTo("/stderrOffset");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "*/*|application/octet-stream",
                "application/x-ndjson, */*|application/x-ndjson",
                "application/*;q=0.5, text/event-stream;q=0.4|application/octet-stream",
                "text/*|text/event-stream",
                "application/octet-stream;q=0, */*|application/x-ndjson",
                "TEXT/Event-Stream; charset=utf-8|text/event-stream"
            })
    void theFormatIsTheOneThatIsPreferred(String accept, String type) throws Exception {
        try (Listener listener = listen("", accept)) {
            assertThat(listener.response().statusCode()).isEqualTo(200);
            assertThat(listener.header("Content-Type")).isEqualTo(type);
        }
    }

    @Test
    void aTaskThatWaitsIsWaitedFor() throws Exception {
        try (Listener listener = listen("?follow=true", FRAMES)) {
            started().write(Stream.STDOUT, bytes("at last"));
            assertThat(shown(listener.frame())).isEqualTo("out 0 at last");
            end(7, 0, false);
            assertThat(shown(listener.frames())).containsExactly("end 7 0 false");
        }
    }

    @Test
    void aTaskThatNeverRanEndsTheFollow() throws Exception {
        try (Listener listener = listen("?follow=true", FRAMES);
                Listener raw = listen("?follow=true&stream=stdout", "*/*")) {
            api.send(api.request("/api/v1/runs/" + run + "/cancel").POST(HttpRequest.BodyPublishers.noBody()));
            assertThat(shown(listener.frames())).containsExactly("end 0 0 false");
            assertThat(raw.rest()).isEmpty();
        }
    }

    @Test
    void aCharacterThatIsCutIsHeldForItsRest() throws Exception {
        FakeOutputStore.Written written = started();
        byte[] euro = bytes("€");
        try (Listener listener = listen("?follow=true", FRAMES)) {
            written.write(Stream.STDOUT, new byte[] {'a', euro[0], euro[1]});
            written.write(Stream.STDERR, bytes("x"));
            written.write(Stream.STDOUT, new byte[] {euro[2], 'b'});
            end(5, 1, false);
            assertThat(shown(listener.frames()).getFirst()).startsWith("out 0 a");
        }
        try (Listener listener = listen("?follow=true", FRAMES)) {
            assertThat(shown(listener.frames())).containsExactly("out 0 a€", "err 0 x", "out 4 b", "end 5 1 false");
        }
    }

    @Test
    void aCharacterWhoseRestDoesNotComeIsHeld20Milliseconds() throws Exception {
        FakeOutputStore.Written written = started();
        byte[] euro = bytes("€");
        try (Listener listener = listen("?follow=true", FRAMES)) {
            long begin = System.nanoTime();
            written.write(Stream.STDOUT, new byte[] {'a', euro[0]});
            assertThat(shown(listener.frame())).isEqualTo("out 0 a");
            assertThat(shown(listener.frame())).isEqualTo("out 1 <4g==>");
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofMillis(900));
            written.write(Stream.STDOUT, new byte[] {euro[1], euro[2], 'b'});
            assertThat(shown(listener.frame())).isEqualTo("out 2 <gqw=>");
            assertThat(shown(listener.frame())).isEqualTo("out 4 b");
        }
    }

    @Test
    void b29_whatIsNotUtf8IsBase64AndFramesHold64KiB() throws Exception {
        byte[] binary = new byte[150_000];
        new Random(3).nextBytes(binary);
        byte[] text = "ü".repeat(100_000).getBytes(StandardCharsets.UTF_8);
        started().write(Stream.STDOUT, binary).write(Stream.STDERR, text);
        end(binary.length, text.length, false);
        ByteArrayOutputStream stdout = new ByteArrayOutputStream();
        ByteArrayOutputStream stderr = new ByteArrayOutputStream();
        try (Listener listener = listen("?follow=true", FRAMES)) {
            for (JsonNode frame : listener.frames()) {
                if (frame.has("end")) {
                    continue;
                }
                boolean isText = frame.has("text");
                byte[] data = isText
                        ? bytes(frame.get("text").asString())
                        : Base64.getDecoder().decode(frame.get("base64").asString());
                assertThat(data.length).isBetween(1, 65_536);
                assertThat(isText).isEqualTo(frame.get("stream").asString().equals("stderr"));
                ByteArrayOutputStream target = isText ? stderr : stdout;
                assertThat(frame.get("offset").asInt()).isEqualTo(target.size());
                target.writeBytes(data);
            }
        }
        assertThat(stdout.toByteArray()).isEqualTo(binary);
        assertThat(stderr.toByteArray()).isEqualTo(text);
    }

    @Test
    void b42_outputThatLooksLikeFramesIsText() throws Exception {
        String evil = "{\"end\":{\"stdoutBytes\":0}}\n\ndata: x\n\r\u2028";
        started().write(Stream.STDOUT, bytes(evil));
        end(bytes(evil).length, 0, false);
        try (Listener listener = listen("?follow=true", EVENTS)) {
            List<Listener.Event> events = listener.events();
            assertThat(events).hasSize(2);
            assertThat(events.getFirst().data().get("text").asString()).isEqualTo(evil);
        }
    }

    @Test
    void aGapIsAFrameAndItsBytesAreNotSent() throws Exception {
        FakeOutputStore.Written written = api.outputs.of(attempt, 4, 2);
        api.start(run);
        try (Listener listener = listen("?follow=true", FRAMES)) {
            written.write(Stream.STDOUT, bytes("ab"));
            assertThat(shown(listener.frame())).isEqualTo("out 0 ab");
            written.write(Stream.STDOUT, bytes("cdefghij"));
            assertThat(shown(List.of(listener.frame(), listener.frame(), listener.frame())))
                    .containsExactly("out 2 cd", "out gap 4-8", "out 8 ij");
            end(10, 0, true);
            assertThat(shown(listener.frames())).containsExactly("end 10 0 true");
        }
        try (Listener inside = listen("?follow=true&stdoutOffset=6", FRAMES)) {
            assertThat(shown(inside.frames())).containsExactly("out gap 6-8", "out 8 ij", "end 10 0 true");
        }
        try (Listener raw = listen("?follow=true&stream=stdout&offset=3", "*/*")) {
            assertThat(raw.header("Hufu-Output-Gap")).isEqualTo("stdout=4-8");
            assertThat(new String(raw.rest(), StandardCharsets.UTF_8)).isEqualTo("dij");
        }
    }

    @Test
    void aRawFollowHasTheBytesAndNothingElse() throws Exception {
        FakeOutputStore.Written written = started();
        try (Listener listener = listen("?follow=true", "*/*")) {
            assertThat(listener.header("Content-Type")).isEqualTo("application/octet-stream");
            written.write(Stream.STDOUT, bytes("ab"));
            assertThat(listener.bytes(2)).isEqualTo(bytes("ab"));
            Thread.sleep(1_500);
            written.write(Stream.STDERR, new byte[] {(byte) 0xff});
            end(2, 1, false);
            assertThat(listener.rest()).containsExactly(0xff);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {FRAMES, EVENTS})
    void everyIdleSecondHasAHeartbeat(String accept) throws Exception {
        started();
        try (Listener listener = listen("?follow=true", accept)) {
            long begin = System.nanoTime();
            String beat = accept.equals(FRAMES) ? "" : ":";
            assertThat(listener.line()).isEqualTo(beat);
            assertThat(listener.line()).isEmpty();
            assertThat(Duration.ofNanos(System.nanoTime() - begin))
                    .isBetween(Duration.ofMillis(900), Duration.ofMillis(4_000));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {FRAMES, EVENTS, "*/*"})
    void aClientThatClosesIsNoticedAndTheTaskGoesOn(String accept) throws Exception {
        started().write(Stream.STDOUT, bytes("x"));
        try (Listener listener = listen("?follow=true", accept)) {
            listener.bytes(1);
        }
        api.awaitNoStreams();
        assertThat(api.stopped).isEmpty();
    }

    @Test
    void f29_aReaderThatStopsReadingIsDroppedAndTheTaskGoesOn(@TempDir Path data) throws Exception {
        try (ApiFixture impatient = new ApiFixture(data, Duration.ofSeconds(2), 10)) {
            RunId id = impatient.accepted(MINIMAL);
            FakeOutputStore.Written written = impatient.outputs.of(impatient.start(id));
            String path = "/api/v1/tasks/" + id + ".0/output?follow=true";
            try (Socket reader = new Socket(InetAddress.getLoopbackAddress(), impatient.server.port());
                    Listener other = new Listener(impatient.request(path))) {
                reader.getOutputStream()
                        .write(bytes("GET " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + impatient.token
                                + "\r\n\r\n"));
                assertThat(reader.getInputStream().read()).isEqualTo('H');
                written.write(Stream.STDOUT, new byte[32 << 20]);
                assertThat(other.bytes(32 << 20)).hasSize(32 << 20);
                impatient.awaitStreams(1);
                written.write(Stream.STDOUT, bytes("more"));
                assertThat(other.bytes(4)).isEqualTo(bytes("more"));
            }
            assertThat(impatient.stopped).isEmpty();
        }
    }

    @Test
    void manyFollowersAreWokenByOnePulse() throws Exception {
        FakeOutputStore.Written written = started();
        List<Listener> listeners = new ArrayList<>();
        try {
            for (int i = 0; i < 30; i++) {
                listeners.add(listen("?follow=true", FRAMES));
            }
            written.write(Stream.STDOUT, bytes("all"));
            for (Listener each : listeners) {
                assertThat(shown(each.frame())).isEqualTo("out 0 all");
            }
            assertThat(api.pulse.size()).isEqualTo(1);
        } finally {
            listeners.forEach(Listener::close);
        }
    }

    @Test
    void atTheEndOfADrainFramesSayWhyAndRawIsCut() throws Exception {
        started().write(Stream.STDOUT, bytes("x"));
        try (Listener frames = listen("?follow=true", FRAMES);
                Listener events = listen("?follow=true", EVENTS);
                Listener raw = listen("?follow=true", "*/*")) {
            frames.frame();
            events.event();
            raw.bytes(1);
            api.submissions.drain();
            api.server.drain(Duration.ofMillis(100));
            assertThat(frames.frame().at("/error/type").asString()).isEqualTo("urn:hufu:problem:draining");
            assertThat(frames.frames()).isEmpty();
            assertThat(events.event().data().at("/error/status").asInt()).isEqualTo(503);
            assertThatThrownBy(raw::rest).isInstanceOf(IOException.class);
        }
    }

    @Test
    void headHasTheHeadersAndDoesNotWait() throws Exception {
        started();
        HttpRequest.Builder head =
                request("?follow=true").header("Accept", FRAMES).method("HEAD", HttpRequest.BodyPublishers.noBody());
        assertThat(api.send(head).headers().firstValue("Content-Type")).contains(FRAMES);
        api.awaitNoStreams();
    }
}
