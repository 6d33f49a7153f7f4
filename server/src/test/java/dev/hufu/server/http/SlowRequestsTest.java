package dev.hufu.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Callers that take their time, against a server that waits 300 ms. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class SlowRequestsTest {
    private static final Duration PERIOD = Duration.ofMillis(300);
    private static final int PAUSE_MILLIS = 50;
    private static final int ROUNDS = 400;

    private ApiFixture api;

    @BeforeAll
    void start(@TempDir Path data) throws IOException {
        api = new ApiFixture(data, PERIOD, 1_000);
    }

    @AfterAll
    void stop() {
        api.close();
    }

    private Socket connect(String beginning) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.server.port());
        socket.setSoTimeout(30_000);
        socket.getOutputStream().write(beginning.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    /** Sends one byte after the other, never idle for long. @return whether the server cut it off */
    private boolean isCutOff(Socket socket, char each) throws IOException, InterruptedException {
        OutputStream out = socket.getOutputStream();
        for (int i = 0; i < ROUNDS; i++) {
            try {
                out.write(each);
            } catch (IOException closed) {
                return true;
            }
            if (i % 20 == 0) {
                assertThat(api.get("/healthz").statusCode()).isEqualTo(200);
            }
            Thread.sleep(PAUSE_MILLIS);
        }
        return false;
    }

    @Test
    void b11_headersThatTrickleAreCutOffAndOthersNotAffected() throws Exception {
        try (Socket slow = connect("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")) {
            assertThat(isCutOff(slow, 'a')).isTrue();
        }
    }

    @Test
    void b11_aBodyThatTricklesIsCutOffAndNothingIsMadeOfIt() throws Exception {
        int before = api.store.size();
        try (Socket slow = connect("POST /api/v1/runs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + api.token
                + "\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")) {
            assertThat(isCutOff(slow, ' ')).isTrue();
        }
        assertThat(api.store.size()).isEqualTo(before);
    }

    @Test
    void b11_whoSaysNothingIsCutOff() throws Exception {
        for (String beginning : new String[] {"", "GET /heal", "GET /healthz HTTP/1.1\r\nHost: x\r\n"}) {
            try (Socket silent = connect(beginning)) {
                silent.getInputStream().readAllBytes();
            }
        }
    }

    @Test
    void aConnectionThatIsUsedAgainAndAgainIsKept() throws Exception {
        try (Socket socket = connect("")) {
            byte[] request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
            int answerLength = -1;
            for (int i = 0; i < 30; i++) {
                // In two parts, so that looking at the wrong moment finds half a request.
                socket.getOutputStream().write(request, 0, 10);
                Thread.sleep(PAUSE_MILLIS);
                socket.getOutputStream().write(request, 10, request.length - 10);
                if (answerLength < 0) {
                    byte[] first = new byte[4_096];
                    answerLength = socket.getInputStream().read(first);
                    assertThat(new String(first, 0, answerLength, StandardCharsets.US_ASCII))
                            .startsWith("HTTP/1.1 200 ");
                } else {
                    assertThat(socket.getInputStream().readNBytes(answerLength)).hasSize(answerLength);
                }
            }
        }
    }
}
