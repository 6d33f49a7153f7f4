package dev.hufu.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.it.Api;
import dev.hufu.it.ServerProcess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What no HTTP library would send, and what tries to be more than data, against a whole server. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class HostileBytesTest {
    private ServerProcess server;
    private Api api;
    private Wire wire;
    private AnswerCheck check;
    private Operation submit;

    @BeforeAll
    void start(@TempDir Path data) throws IOException {
        server = ServerProcess.started(data);
        api = server.api();
        wire = new Wire(server.address().getPort());
        Document document = Document.of(wire, api.token());
        check = new AnswerCheck(document);
        submit = document.operation("POST", "/api/v1/runs");
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private Request post() {
        return Request.of("POST", "/api/v1/runs").bearing(api.token());
    }

    private Reply checked(Request request) throws IOException {
        Reply reply = check.check(submit, request, wire.send(request));
        assertThat(check.violations()).isEmpty();
        return reply;
    }

    @Test
    void b10_compressedBodiesAreRefusedHoweverLargeTheyWouldGrow() throws IOException {
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bomb)) {
            byte[] spaces = " ".repeat(1 << 20).getBytes(StandardCharsets.US_ASCII);
            for (int i = 0; i < 100; i++) {
                gzip.write(spaces);
            }
        }
        for (String encoding : List.of("gzip", "deflate", "br", "identity", "gzip, gzip")) {
            Reply refused = checked(post().with("Content-Encoding", encoding)
                    .with("Content-Type", "application/json")
                    .body(bomb.toByteArray()));
            assertThat(refused.status()).as(encoding).isEqualTo(415);
        }
        Request transfer = post().with("Transfer-Encoding", "gzip, chunked")
                .with("Content-Type", "application/json")
                .body(("31\r\n" + Drive.MINIMAL + " ".repeat(0x31 - Drive.MINIMAL.length()) + "\r\n0\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        assertThat(checked(transfer).status()).isEqualTo(415);
    }

    @Test
    void b10_answersAreNotCompressedAndNoWebSocketIsOpened() throws IOException {
        Request get =
                Request.of("GET", "/openapi.json").bearing(api.token()).with("Accept-Encoding", "gzip, br, deflate");
        Reply plain = wire.send(get);
        assertThat(plain.status()).isEqualTo(200);
        assertThat(plain.header("Content-Encoding")).isEmpty();
        Reply noSocket = wire.send("GET /openapi.json HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + api.token()
                + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Extensions: permessage-deflate\r\n"
                + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
        assertThat(noSocket.status()).isEqualTo(200);
        assertThat(noSocket.header("Upgrade")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Idempotency-Key: a\rSet-Cookie: x=1",
                "Idempotency-Key: a\nSet-Cookie: x=1",
                "Idempotency-Key: a\r\n Set-Cookie: folded",
                "Idempotency-Key: a\0b",
                "Idempo\rtency-Key: a",
                "Idempo\0tency: a",
                "Idempotency Key: a",
                "Idempotency-Key : a",
                " Idempotency-Key: a",
                "no colon",
                ": no name",
                "traceparent: 00-\r-1"
            })
    void b13_lineBreaksAndControlBytesInHeadersAreRefused(String header) throws IOException {
        String head = "POST /api/v1/runs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + api.token()
                + "\r\nContent-Type: application/json\r\nContent-Length: " + Drive.MINIMAL.length() + "\r\n" + header
                + "\r\n\r\n" + Drive.MINIMAL;
        Reply reply = wire.send(head);
        check.checkRefusal(post().with("shown", header.replaceAll("\\p{Cntrl}", "?")), reply);
        assertThat(check.violations()).isEmpty();
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.header("Set-Cookie")).isEmpty();
    }

    @Test
    void b13_b58_encodedLineBreaksComeBackInNoHeaderAndMakeNoLineOfTheLog() throws IOException {
        String split = "%0d%0aSet-Cookie:%20x=1%0d%0a%0d%0a%1b[31m";
        List<Request> requests = List.of(
                Request.of("GET", "/api/v1/runs/" + split).bearing(api.token()),
                Request.of("GET", "/api/v1/tasks/" + split + "/output").bearing(api.token()),
                Request.of("GET", "/healthz?" + split + "=" + split),
                Request.of("GET", "/" + split).bearing(api.token()),
                post().json("{\"exec\":{\"argv\":[\"true\"]},\"a\\r\\nSet-Cookie: x\\u001b[31m\":1}"),
                post().json("{\"exec\":{\"argv\":[\"true\"]},\"labels\":{\"a\\r\\nb\":\"\\u001b[31m\"}}"));
        for (Request request : requests) {
            Reply reply = check.checkRefusal(request, wire.send(request));
            assertThat(reply.header("Set-Cookie")).isEmpty();
            // In JSON they are escaped, so a terminal that shows the answer is not steered.
            assertThat(reply.text()).doesNotContainPattern("[\u0000-\u001f\u007f]");
        }
        assertThat(check.violations()).isEmpty();
        for (String line : Files.readAllLines(server.log())) {
            assertThat(line)
                    .doesNotContainPattern("[\u0000-\u0008\u000b-\u001f\u007f]")
                    .doesNotStartWith("Set-Cookie");
        }
    }

    @Test
    void b58_whatIsAllowedInNamesIsStoredAsItIs() throws Exception {
        String steering = "\u202eevil\u2066 <b>&amp;</b> \ud83d\ude00 ' -- \\u001b";
        String run = api.submit(Map.of("exec", Map.of("argv", List.of("true")), "labels", Map.of(steering, steering)));
        assertThat(api.get("/api/v1/runs/" + run)
                        .body()
                        .get("labels")
                        .get(steering)
                        .asString())
                .isEqualTo(steering);
        api.awaitTask(run);
    }

    @Test
    void b58_b42_outputThatLooksLikeControlMessagesIsPlainOutput() throws Exception {
        String imitation = """
                HTTP/1.1 200 OK\r
                Content-Length: 0\r
                \r
                {"end":{"stdoutBytes":0}}
                {"exit":{"state":"SUCCEEDED"}}
                :

                event: run
                data: {}
                id: 9

                0\r
                hufu: ready on http://127.0.0.1:1
                \u001b]0;title\u0007\u001b[2J\u0000\u0001\u00ff""";
        byte[] bytes = imitation.getBytes(StandardCharsets.ISO_8859_1);
        JsonNode task = api.run(Map.of(
                "exec",
                Map.of("argv", List.of("cat")),
                "stdin",
                Map.of("base64", Base64.getEncoder().encodeToString(bytes))));
        assertThat(Api.state(task)).isEqualTo("SUCCEEDED");
        Reply output =
                wire.send(Request.of("GET", "/api/v1/tasks/" + task.get("id").asString() + "/output")
                        .bearing(api.token()));
        assertThat(output.body()).isEqualTo(bytes);
        assertThat(output.header("Hufu-Output-Complete")).isEqualTo("true");
    }

    @Test
    void b41_aCommandHoldsNothingOfItsSupervisorOrOfTheServer() throws Exception {
        String script =
                "for f in /proc/self/fd/*; do readlink $f; done | grep -v -e '^/proc/' -e '^pipe:' -e '^/dev/null$';"
                        + " grep -e '^Sig[BI]' -e '^NoNewPrivs' /proc/self/status; tty";
        JsonNode task = api.run(Api.shell(script));
        String shown = api.stdout(task.get("runId").asString());
        assertThat(shown).contains("SigBlk:\t0000000000000000").contains("not a tty");
        assertThat(shown.lines().filter(line -> line.contains("socket:") || line.startsWith("/")))
                .isEmpty();
    }

    @Test
    void b21_whatCannotBeStartedIsToldWithinATenthOfASecondOfItsDispatch() throws Exception {
        for (int i = 0; i < 20; i++) {
            api.run(Api.argv("true"));
        }
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            JsonNode task = api.run(Api.argv("/no/such/program"));
            assertThat(task.get("reason").asString()).isEqualTo("spawn-failed");
            best = Math.min(best, millis(task, "finishedAt") - millis(task, "dispatchedAt"));
        }
        assertThat(best).isLessThan(100);
    }

    private static long millis(JsonNode task, String name) {
        return Instant.parse(task.get(name).asString()).toEpochMilli();
    }

    @Test
    void b28_aWorkingDirectoryIsWhatItIsWhenTheCommandStarts(@TempDir Path directory) throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("/usr"));
        Path file = Files.writeString(directory.resolve("file"), "");
        JsonNode linked = api.run(Map.of("exec", Map.of("argv", List.of("pwd", "-P")), "cwd", link.toString()));
        assertThat(api.stdout(linked.get("runId").asString())).isEqualTo("/usr\n");
        for (Map.Entry<String, String> wrong : Map.of(
                        file.toString(), "ENOTDIR", "/proc/self/fd/0", "ENOTDIR", "/proc/self/fd/999", "ENOENT")
                .entrySet()) {
            JsonNode task = api.run(Map.of("exec", Map.of("argv", List.of("true")), "cwd", wrong.getKey()));
            assertThat(task.at("/spawnError/stage").asString()).as("%s", task).isEqualTo("chdir");
            assertThat(task.at("/spawnError/errno").asString())
                    .as(wrong.getKey())
                    .isEqualTo(wrong.getValue());
        }
        Reply relative = checked(post().json("{\"exec\":{\"argv\":[\"true\"]},\"cwd\":\"tmp\"}"));
        assertThat(relative.status()).isEqualTo(400);
    }

    @Test
    void b12_aRequestHiddenInAnotherIsNeverAnswered() throws IOException {
        String hidden = "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n";
        for (String lengths : List.of(
                "Content-Length: 3\r\nContent-Length: 4",
                "Content-Length: 3, 4",
                "Content-Length: 3\r\nTransfer-Encoding: chunked",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
                "Transfer-Encoding: chunked, chunked",
                "Transfer-Encoding: xchunked",
                "Transfer-Encoding: \tchunked\r\nContent-Length: 5",
                "Content-Length: +3",
                "Content-Length: -1",
                "Content-Length: 0x3",
                "Content-Length: 99999999999999999999")) {
            try (Socket socket = wire.connect()) {
                socket.getOutputStream()
                        .write(("POST /api/v1/runs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + api.token() + "\r\n"
                                        + lengths + "\r\n\r\n0\r\n\r\n" + hidden)
                                .getBytes(StandardCharsets.US_ASCII));
                String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertThat(all).as(lengths).startsWith("HTTP/1.1 4").doesNotContain("ready\"");
                assertThat(all.split("HTTP/1.1 ", -1)).as(lengths).hasSize(2);
            }
        }
    }
}
