package dev.hufu.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.support.Threads;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What requests may take of the server, what is said of those that failed, and what is counted. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class RequestCostTest {
    private static final int BODY = 100 << 10;

    private ApiFixture api;

    @BeforeEach
    void start(@TempDir Path data) throws IOException {
        // Room for one large body at a time.
        HttpConfig config = new HttpConfig(ApiFixture.LOOPBACK, 1 << 20, BODY, Duration.ofSeconds(30), null);
        api = new ApiFixture(data, 1_000, config);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private static String large() {
        String start = "{\"exec\":{\"argv\":[\"true\"]},\"stdin\":\"";
        return start + "x".repeat(BODY - start.length() - 2) + "\"}";
    }

    /** A client that has announced a large body and sends it slowly; the answer's first line once it is sent. */
    private final class SlowClient implements AutoCloseable {
        private final Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.server.port());
        private final byte[] body = large().getBytes(StandardCharsets.US_ASCII);

        SlowClient() throws IOException {
            socket.setSoTimeout(30_000);
            send("POST /api/v1/runs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer "
                    + api.token + "\r\nContent-Length: " + body.length + "\r\n\r\n");
            socket.getOutputStream().write(body, 0, 1_000);
            socket.getOutputStream().flush();
        }

        private void send(String text) throws IOException {
            OutputStream output = socket.getOutputStream();
            output.write(text.getBytes(StandardCharsets.US_ASCII));
            output.flush();
        }

        String finish() throws IOException {
            socket.getOutputStream().write(body, 1_000, body.length - 1_000);
            return new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Test
    void b11_largeBodiesWaitForEachOtherAndSmallOnesDoNot() throws Exception {
        try (SlowClient slow = new SlowClient()) {
            // Its first bytes are read once its share is taken; a second large one then finds none.
            CompletableFuture<HttpResponse<String>> second = new CompletableFuture<>();
            Threads.virtual("client", () -> second.complete(api.submit(large())))
                    .start();
            assertThat(api.submit(ApiFixture.MINIMAL).statusCode()).isEqualTo(202);
            HttpResponse<String> refused = second.get(60, TimeUnit.SECONDS);
            if (refused.statusCode() == 202) {
                // It came first: then the slow one has its turn now, and this one has not.
                refused = api.submit(large());
            }
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.body()).contains("urn:hufu:problem:rate-limited");
            assertThat(refused.headers().firstValue("Retry-After")).isPresent();
            assertThat(slow.finish()).isEqualTo("HTTP/1.1 202");
        }
        assertThat(api.submit(large()).statusCode())
                .as("the share is free again")
                .isEqualTo(202);
        assertThat(api.submit("{\"exec\":{}, \"x\":\"" + "x".repeat(50_000) + "\"}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(api.submit(large()).statusCode()).as("also after a refusal").isEqualTo(202);
    }

    @Test
    void aCallerWhoWaitsForTheEndHoldsNoBody() throws Exception {
        CompletableFuture<HttpResponse<String>> waiting = new CompletableFuture<>();
        Threads.virtual("client", () -> waiting.complete(api.submit(large(), "Prefer", "wait=60")))
                .start();
        assertThat(api.submit(large()).statusCode()).isEqualTo(202);
        while (api.store.size() < 2) {
            Thread.onSpinWait();
        }
        assertThat(api.submit(large()).statusCode()).isEqualTo(202);
        assertThat(waiting.isDone()).isFalse();
        api.waits.releaseAll();
        assertThat(waiting.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(202);
    }

    @Test
    void theTraceIdOfAnAnswerFindsItsFailureInTheLog() {
        Logger logger = (Logger) LoggerFactory.getLogger("dev.hufu.server.http");
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);
        try {
            api.store.failing(new IllegalStateException("what went wrong"));
            HttpResponse<String> failed = api.submit(ApiFixture.MINIMAL);
            assertThat(failed.statusCode()).isEqualTo(500);
            assertThat(failed.body()).doesNotContain("what went wrong");
            String trace = ApiFixture.json(failed).get("traceId").asString();
            List<ILoggingEvent> found = List.copyOf(log.list);
            assertThat(found)
                    .filteredOn(event -> trace.equals(event.getMDCPropertyMap().get("trace")))
                    .singleElement()
                    .satisfies(event ->
                            assertThat(event.getThrowableProxy().getMessage()).isEqualTo("what went wrong"));
        } finally {
            logger.detachAppender(log);
        }
    }

    @Test
    void f04_aFullVolumeIsSaidToBeSo() {
        api.store.failing(new StoreUnavailableException("full", new IllegalStateException("full"), true));
        HttpResponse<String> refused = api.submit(ApiFixture.MINIMAL);
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.body()).contains("urn:hufu:problem:unavailable").contains("nothing was done");
        assertThat(refused.headers().firstValue("Retry-After")).isPresent();
    }

    @Test
    void requestsAreCountedByTheirRouteWhateverTheirPath(@TempDir Path data) throws IOException {
        Map<String, Integer> seen = new ConcurrentHashMap<>();
        RequestListener listener = new RequestListener() {
            @Override
            public void answered(String method, String route, int status, long nanos) {
                seen.merge(method + " " + route + " " + status, 1, Integer::sum);
            }

            @Override
            public void refused(ErrorKind kind) {
                seen.merge(kind.code(), 1, Integer::sum);
            }

            @Override
            public void loginFailed(boolean credentialsGiven) {
                seen.merge("login", 1, Integer::sum);
            }

            @Override
            public void streams(Stream kind, int change) {}
        };
        HttpServer counted = new HttpServer(
                new HttpConfig(ApiFixture.LOOPBACK, 1 << 20, Duration.ofSeconds(30)), api.api, api.timers, listener);
        counted.start();
        try {
            String host = "Host: x\r\nConnection: close\r\nAuthorization: Bearer ";
            String right = host + api.token + "\r\n\r\n";
            for (String request : List.of(
                    "GET /api/v1/runs/secret-name HTTP/1.1\r\n" + right,
                    "GET /healthz HTTP/1.1\r\n" + right,
                    "GET /no/such/path HTTP/1.1\r\n" + right,
                    "GET /metrics HTTP/1.1\r\n" + host + "wrong\r\n\r\n",
                    "garbage\r\n\r\n")) {
                try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), counted.port())) {
                    socket.setSoTimeout(30_000);
                    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
                    socket.getInputStream().readAllBytes();
                }
            }
        } finally {
            counted.stop();
        }
        assertThat(seen)
                .containsEntry("GET /api/v1/runs/{id} 404", 1)
                .containsEntry("GET /healthz 200", 1)
                .containsEntry("GET none 404", 1)
                .containsEntry("GET /metrics 401", 1)
                .containsEntry("login", 1)
                .containsEntry("unauthenticated", 1)
                .containsEntry("not-found", 2)
                .containsEntry("invalid-request", 1);
        assertThat(seen.keySet()).noneMatch(key -> key.contains("secret-name") || key.contains("such"));
    }
}
