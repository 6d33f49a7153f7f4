package dev.hufu.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RequestLineTest {
    private ApiFixture api;

    @BeforeEach
    void start(@TempDir Path data) throws Exception {
        api = new ApiFixture(data);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    @Test
    void experiment() throws Exception {
        String auth = "Authorization: Bearer " + api.token;
        for (String line : new String[] {
            "GET /healthz HTTP/1.1", "GET /api/v1/runs/.. HTTP/1.1", "GET /api/v1/runs/%2e%2e HTTP/1.1", "GET /api/v1/runs/%2F HTTP/1.1",
            "GET /api/v1/runs/a;b HTTP/1.1", "GET /api/v1/runs/../runs/x HTTP/1.1", "GET /api//v1/runs HTTP/1.1", "GET /api/v1/runs/%zz HTTP/1.1",
            "GET /api/v1/runs/%c0%80 HTTP/1.1", "TRACE /api/v1/runs HTTP/1.1", "BREW /api/v1/runs HTTP/1.1", "brew /api/v1/runs HTTP/1.1", "BEFORE /api/v1/runs HTTP/1.1", "OPTIONS /api/v1/runs HTTP/1.1", "GET /api/v1/runs HTTP/1.1",
            "DELETE /healthz HTTP/1.1", "HEAD /healthz HTTP/1.1", "HEAD /nothing HTTP/1.1","HEAD /api/v1/runs/.. HTTP/1.1",
            "GET /healthz HTTP/9.9", "garbage", "GET  /healthz HTTP/1.1", "GET /healthz", "GET /api/v1/runs/\\ HTTP/1.1", "GET /api/v1/runs/%5c HTTP/1.1", "CONNECT x:1 HTTP/1.1", "GET http://x/healthz HTTP/1.1", "OPTIONS * HTTP/1.1"
        }) {
            System.out.println("#### " + line);
            System.out.println(api.raw(line, "Host: x", auth, "Connection: close", "", ""));
        }
        System.out.println("#### ws");
        System.out.println(api.raw("GET /api/v1/runs HTTP/1.1", "Host: x", "Sec-WebSocket-Version: 13", "Upgrade: websocket","Connection: Upgrade, close", "", ""));
        System.out.println("#### long header");
        System.out.println(api.raw("GET /api/v1/runs HTTP/1.1", "Host: x", "X: " + "a".repeat(64000), "", ""));
        System.out.println("#### long uri");
        System.out.println(api.raw("GET /" + "a".repeat(64000) + " HTTP/1.1", "Host: x",  "", ""));
        System.out.println("#### no host");
        System.out.println(api.raw("GET /healthz HTTP/1.1", "", ""));
        System.out.println("#### two lengths");
        System.out.println(api.raw("POST /api/v1/runs HTTP/1.1", "Host: x", auth, "Content-Length: 3", "Content-Length: 4", "", "abcd"));
        System.out.println(api.raw("POST /api/v1/runs HTTP/1.1", "Host: x", auth, "Content-Length: 3", "Transfer-Encoding: chunked", "", "abcd"));
        System.out.println("#### bare lf");
        System.out.println(api.raw("GET /healthz HTTP/1.1\nHost: x\n\n"));
        System.out.println("#### bad chunk");
        System.out.println(api.raw("POST /api/v1/runs HTTP/1.1", "Host: x", auth, "Content-Type: application/json", "Transfer-Encoding: chunked", "", "zz", "abcd"));
        System.out.println("#### ok");
        System.out.println(api.raw("POST /api/v1/runs HTTP/1.1", "Host: x", auth, "Content-Type: application/json", "Content-Length: " + ApiFixture.MINIMAL.length(), "Connection: close", "", ApiFixture.MINIMAL));
        assertThat(api.store.size()).isEqualTo(1);
    }
}
