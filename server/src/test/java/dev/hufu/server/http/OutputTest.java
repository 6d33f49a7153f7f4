package dev.hufu.server.http;

import static dev.hufu.server.http.ApiFixture.MINIMAL;
import static dev.hufu.server.http.ApiFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.RunId;
import dev.hufu.server.output.AttemptOutput.Stream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class OutputTest {
    private ApiFixture api;
    private RunId run;
    private AttemptId attempt;

    @BeforeEach
    void start(@TempDir Path data) throws IOException {
        api = new ApiFixture(data);
        run = api.accepted(MINIMAL);
        attempt = api.start(run);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private HttpResponse<byte[]> output(String query) {
        return api.bytes("/api/v1/tasks/" + run + ".0/output" + query);
    }

    private void end(long stdout, long stderr, boolean truncated) {
        api.end(run, new Outcome.Ending.Exited(0), new Outcome.Output(stdout, stderr, truncated, false));
    }

    private static String header(HttpResponse<?> answer, String name) {
        return String.join(" ", answer.headers().allValues(name));
    }

    @Test
    void b29_theBytesOfOneStreamAreExact() {
        byte[] binary = new byte[300_000];
        new Random(1).nextBytes(binary);
        api.outputs.of(attempt).write(Stream.STDOUT, binary).write(Stream.STDERR, bytes("e"));
        end(300_000, 1, false);
        HttpResponse<byte[]> answer = output("?stream=stdout");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo(binary);
        assertThat(header(answer, "Content-Type")).isEqualTo("application/octet-stream");
        assertThat(header(answer, "Content-Length")).isEqualTo("300000");
        assertThat(header(answer, "Hufu-Output-Complete")).isEqualTo("true");
        assertThat(header(answer, "Hufu-Output-Gap")).isEmpty();
        assertThat(output("?stream=stderr").body()).isEqualTo(bytes("e"));
    }

    @ParameterizedTest
    @CsvSource({
        "offset=0&limit=3,abc,false,''",
        "offset=2,cdij,true,stdout=4-8",
        "offset=3&limit=1,d,false,''",
        "offset=3&limit=2,di,false,stdout=4-8",
        "offset=4,ij,true,stdout=4-8",
        "offset=6&limit=1,i,false,stdout=4-8",
        "offset=8,ij,true,''",
        "offset=9,j,true,''",
        "offset=10,'',true,''",
        "offset=9223372036854775807,'',true,''",
        "limit=4,abcd,false,''",
        "limit=6,abcdij,true,stdout=4-8",
        "limit=9223372036854775807,abcdij,true,stdout=4-8"
    })
    void aGapIsJumpedAndNamed(String query, String expected, String complete, String gap) {
        api.outputs.of(attempt, 4, 2).write(Stream.STDOUT, bytes("abcdefghij"));
        end(10, 0, true);
        HttpResponse<byte[]> answer = output("?stream=stdout&" + query);
        assertThat(new String(answer.body(), StandardCharsets.UTF_8)).isEqualTo(expected);
        assertThat(header(answer, "Hufu-Output-Complete")).isEqualTo(complete);
        assertThat(header(answer, "Hufu-Output-Gap")).isEqualTo(gap);
    }

    @Test
    void aTaskThatRunsIsNotComplete() {
        FakeOutputStore.Written written = api.outputs.of(attempt, 4, 2);
        written.write(Stream.STDOUT, bytes("abc"));
        assertThat(header(output("?stream=stdout"), "Hufu-Output-Complete")).isEqualTo("false");
        written.write(Stream.STDOUT, bytes("defghij"));
        HttpResponse<byte[]> answer = output("?stream=stdout");
        assertThat(answer.body()).isEqualTo(bytes("abcdij"));
        assertThat(header(answer, "Hufu-Output-Gap")).isEqualTo("stdout=4-8");
        assertThat(header(answer, "Hufu-Output-Complete")).isEqualTo("false");
    }

    @Test
    void bothStreamsComeInOrderOfArrival() {
        FakeOutputStore.Written written = api.outputs.of(attempt);
        StringBuilder expected = new StringBuilder();
        Random random = new Random(7);
        for (int i = 0; i < 200; i++) {
            String piece = (random.nextBoolean() ? "o" : "e") + i + ";";
            written.write(piece.startsWith("o") ? Stream.STDOUT : Stream.STDERR, bytes(piece));
            expected.append(piece);
        }
        HttpResponse<byte[]> running = output("");
        assertThat(new String(running.body(), StandardCharsets.UTF_8)).isEqualTo(expected.toString());
        assertThat(header(running, "Hufu-Output-Complete")).isEqualTo("false");
        end(1, 1, false);
        HttpResponse<byte[]> answer = output("?stream=both");
        assertThat(new String(answer.body(), StandardCharsets.UTF_8)).isEqualTo(expected.toString());
        assertThat(header(answer, "Hufu-Output-Complete")).isEqualTo("true");
        HttpResponse<byte[]> beginning = output("?stream=both&limit=100");
        assertThat(new String(beginning.body(), StandardCharsets.UTF_8)).isEqualTo(expected.substring(0, 100));
        assertThat(header(beginning, "Hufu-Output-Complete")).isEqualTo("false");
    }

    @Test
    void bothStreamsNameTheirGaps() {
        api.outputs
                .of(attempt, 4, 2)
                .write(Stream.STDOUT, bytes("abcdef"))
                .write(Stream.STDERR, bytes("ABCDE"))
                .write(Stream.STDOUT, bytes("ghij"))
                .write(Stream.STDERR, bytes("FGHIJ"));
        HttpResponse<byte[]> answer = output("");
        assertThat(new String(answer.body(), StandardCharsets.UTF_8)).isEqualTo("abcdABCDijIJ");
        assertThat(answer.headers().allValues("Hufu-Output-Gap")).containsExactly("stdout=4-8", "stderr=4-8");
    }

    @Test
    void outputThatCannotBeReadIsNeverServedAsIfItWereAll() throws IOException {
        FakeOutputStore.Written written = api.outputs.of(attempt).write(Stream.STDOUT, new byte[4 << 20]);
        end(4 << 20, 0, false);
        written.damagedFrom(0);
        HttpResponse<byte[]> refused = output("?stream=stdout");
        assertThat(refused.statusCode()).isEqualTo(500);
        assertThat(header(refused, "Content-Type")).isEqualTo("application/problem+json");
        assertThat(header(refused, "Hufu-Output-Complete")).isEmpty();
        written.damagedFrom(1 << 20);
        String cut = api.raw(
                "GET /api/v1/tasks/" + run + ".0/output?stream=stdout HTTP/1.1",
                "Host: x",
                "Authorization: Bearer " + api.token,
                "",
                "");
        assertThat(cut).startsWith("HTTP/1.1 200 ").contains("Content-Length: 4194304");
        assertThat(cut.length()).isLessThan(2 << 20);
    }

    @Test
    void headTellsTheLengthOnly() {
        api.outputs.of(attempt).write(Stream.STDOUT, bytes("abc"));
        HttpResponse<String> answer = api.send(
                api.request("/api/v1/tasks/" + run + ".0/output").method("HEAD", HttpRequest.BodyPublishers.noBody()));
        assertThat(header(answer, "Content-Length")).isEqualTo("3");
        assertThat(answer.body()).isEmpty();
    }

    @Test
    void whatHasNotStartedHasNothing() {
        RunId pending = api.accepted(MINIMAL);
        HttpResponse<byte[]> answer = api.bytes("/api/v1/tasks/" + pending + ".0/output?attempt=1");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEmpty();
        assertThat(header(answer, "Hufu-Output-Complete")).isEqualTo("false");
        assertThat(output("").body()).isEmpty();
        assertThat(api.bytes("/api/v1/tasks/" + pending + ".0/output?attempt=2").statusCode())
                .isEqualTo(404);
    }

    @Test
    void whatEndedWithoutOutputIsComplete() {
        end(0, 0, false);
        HttpResponse<byte[]> answer = output("");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "Hufu-Output-Complete")).isEqualTo("true");
    }

    @Test
    void outputThatIsGoneHasExpired() {
        end(5, 0, false);
        HttpResponse<String> answer = api.get("/api/v1/tasks/" + run + ".0/output");
        assertThat(answer.statusCode()).isEqualTo(410);
        assertThat(json(answer).get("type").asString()).isEqualTo("urn:hufu:problem:output-expired");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "offset=1",
                "stream=both&offset=0",
                "stream=stdout&offset=-1",
                "stream=stdin",
                "stream=",
                "limit=0",
                "limit=-1",
                "attempt=0",
                "attempt=x",
                "follow=yes",
                "stdoutOffset=1",
                "limit=9223372036854775808",
                "stream=stdout&stream=stderr"
            })
    void b17_parametersOutOfBounds(String query) {
        assertThat(output("?" + query).statusCode()).isEqualTo(400);
    }

    @Test
    void whoAsksForOtherThanIsServedIsToldSo() {
        String path = "/api/v1/tasks/" + run + ".0/output";
        for (String accept : new String[] {"application/json", "text/html, image/*"}) {
            HttpResponse<String> answer =
                    api.send(api.request(path).header("Accept", accept).GET());
            assertThat(answer.statusCode()).isEqualTo(400);
        }
        assertThat(api.send(api.request(path)
                                .header("Accept", "text/plain, */*;q=0.1")
                                .GET())
                        .statusCode())
                .isEqualTo(200);
    }
}
