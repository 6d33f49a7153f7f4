package dev.hufu.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What arrives on the socket before a route is found: every refusal is a problem. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class RequestLineTest {
    private static final String RUN = "01m89zjnk2gwjzyj5ken2jnrm7";

    private ApiFixture api;

    @BeforeAll
    void start(@TempDir Path data) throws IOException {
        api = new ApiFixture(data);
    }

    @AfterAll
    void stop() {
        api.close();
    }

    private String ask(String requestLine) throws IOException {
        return api.raw(requestLine, "Host: x", "Authorization: Bearer " + api.token, "Connection: close", "", "");
    }

    private static void assertProblem(String answer, int status, String code) {
        assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
        assertThat(answer)
                .contains("Content-Type: application/problem+json\r\n")
                .contains("Cache-Control: no-store\r\n")
                .contains("X-Content-Type-Options: nosniff\r\n")
                .contains("\"type\":\"urn:hufu:problem:" + code + "\"")
                .contains("\"status\":" + status)
                .containsPattern("\"traceId\":\"[0-9a-f]{32}\"")
                .doesNotContain("Server:")
                .doesNotContain("Set-Cookie");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/v1/runs/..",
                "/api/v1/runs/%2e%2e",
                "/api/v1/runs/%2E%2E/tasks",
                "/api/v1/runs/%2F",
                "/api/v1/runs/%252F",
                "/api/v1/runs/a%2Fb",
                "/api/v1/runs/..%2f..%2fadmin.token",
                "/api/v1/runs/" + RUN + ";x=1",
                "/api/v1/runs/;",
                "/api/v1/runs/%3b",
                "/api/v1/runs/%c0%ae%c0%ae",
                "/api/v1/runs/\\",
                "/api/v1/runs/%5c",
                "/api/v1/runs/../../../readyz",
                "/api/v1/tasks/" + RUN + ".0/../output",
                "/api/v1/tasks/..",
                "/api/v1/tasks/" + RUN,
                "/api/v1/tasks/" + RUN + ".-1",
                "/api/v1/tasks/" + RUN + ".99999999999",
                "/api/v1/runs/" + RUN,
                "/api/v1/runs/" + RUN + "/",
                "/api/v1/tasks/" + RUN + ".0",
                "/api/v1/tasks/" + RUN + ".0/output",
                "/api//v1/runs",
                "/api/v1/nodes/",
                "/api/v1/nodes/..%2flocal",
                "/API/v1/runs",
                "/"
            })
    void b14_idsThatAreNone(String path) throws IOException {
        assertProblem(ask("GET " + path + " HTTP/1.1"), 404, "not-found");
    }

    @ParameterizedTest
    @CsvSource({
        "TRACE,/api/v1/runs,'GET, POST, HEAD'",
        "BREW,/api/v1/runs,'GET, POST, HEAD'",
        "brew,/api/v1/runs,'GET, POST, HEAD'",
        "BEFORE,/api/v1/runs,'GET, POST, HEAD'",
        "OPTIONS,/api/v1/runs,'GET, POST, HEAD'",
        "PUT,/api/v1/runs,'GET, POST, HEAD'",
        "POST,/api/v1/nodes,'GET, HEAD'",
        "PUT,/healthz,'GET, HEAD'",
        "TRACE,/healthz,'GET, HEAD'",
        "DELETE,/api/v1/runs/" + RUN + ",'GET, HEAD'",
        "GET,/api/v1/runs/" + RUN + "/cancel,POST"
    })
    void b15_methodsThatAreNotAllowed(String method, String path, String allowed) throws IOException {
        String answer = ask(method + " " + path + " HTTP/1.1");
        assertProblem(answer, 405, "method-not-allowed");
        assertThat(answer).contains("Allow: " + allowed + "\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "garbage",
                "GET /healthz HTTP/9.9",
                "GET /healthz HTTP/2.0",
                "GET /healthz",
                "GET /api/v1/runs/%zz HTTP/1.1",
                "GET /api/v1/runs/%00 HTTP/1.1",
                "CONNECT x:1 HTTP/1.1"
            })
    void linesThatAreNone(String line) throws IOException {
        assertProblem(ask(line), 400, "invalid-request");
    }

    @Test
    void b12_requestsThatCouldBeTakenForTwo() throws IOException {
        String token = "Authorization: Bearer " + api.token;
        String post = "POST /api/v1/runs HTTP/1.1";
        assertProblem(
                api.raw(post, "Host: x", token, "Content-Length: 3", "Content-Length: 4", "", "abcd"),
                400,
                "invalid-request");
        assertProblem(
                api.raw(post, "Host: x", token, "Content-Length: 3", "Transfer-Encoding: chunked", "", "abcd"),
                400,
                "invalid-request");
        assertProblem(api.raw("GET /healthz HTTP/1.1\nHost: x\n\n"), 400, "invalid-request");
        assertProblem(api.raw("GET /healthz HTTP/1.1", "", ""), 400, "invalid-request");
        assertProblem(
                api.raw(
                        post,
                        "Host: x",
                        token,
                        "Content-Type: application/json",
                        "Transfer-Encoding: chunked",
                        "",
                        "zz",
                        "abcd"),
                400,
                "invalid-request");
        assertThat(api.store.size()).isZero();
    }

    @Test
    void b12_headersThatAreTooLarge() throws IOException {
        assertProblem(
                api.raw("GET /healthz HTTP/1.1", "Host: x", "X: " + "a".repeat(64_000), "", ""),
                431,
                "invalid-request");
        assertProblem(api.raw("GET /" + "a".repeat(64_000) + " HTTP/1.1", "Host: x", "", ""), 400, "invalid-request");
    }

    @Test
    void noWebSocketAndNoSession() throws IOException {
        String answer = api.raw(
                "GET /healthz HTTP/1.1",
                "Host: x",
                "Connection: Upgrade, close",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                "",
                "");
        assertThat(answer).startsWith("HTTP/1.1 200 ").doesNotContain("Set-Cookie");
    }

    @Test
    void b52_forwardedHeadersAreNoCredentials() throws IOException {
        assertProblem(
                api.raw(
                        "GET /api/v1/runs/" + RUN + " HTTP/1.1",
                        "Host: x",
                        "X-Forwarded-For: 127.0.0.1",
                        "X-Remote-User: admin",
                        "Forwarded: for=127.0.0.1",
                        "Connection: close",
                        "",
                        ""),
                401,
                "unauthenticated");
    }

    @Test
    void headAnswersWithoutABody() throws IOException {
        String answer = ask("HEAD /healthz HTTP/1.1");
        assertThat(answer)
                .startsWith("HTTP/1.1 200 ")
                .contains("Content-Length: 15\r\n")
                .endsWith("\r\n\r\n");
        assertThat(ask("HEAD /api/v1/runs/" + RUN + " HTTP/1.1")).startsWith("HTTP/1.1 404 ");
    }
}
