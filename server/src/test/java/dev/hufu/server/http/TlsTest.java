package dev.hufu.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.server.tls.Certificates;
import dev.hufu.server.tls.TestCertificates;
import dev.hufu.support.SystemTimers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The API over TLS, with a certificate that changes while connections are open. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class TlsTest {
    private final SystemTimers timers = new SystemTimers();
    private TestCertificates first;
    private TestCertificates second;
    private Path certificate;
    private Path key;
    private Certificates certificates;
    private ApiFixture api;

    @BeforeAll
    void start(@TempDir Path data) throws IOException {
        first = TestCertificates.make(data, "first", "-keyalg", "EC");
        second = TestCertificates.make(data, "second", "-keyalg", "RSA");
        certificate = data.resolve("server.pem");
        key = data.resolve("server.key");
        first.write(certificate, key);
        certificates = Certificates.open(certificate, key, Duration.ofMillis(20), Duration.ZERO, timers);
        certificates.start();
        api = new ApiFixture(data, certificates.context());
    }

    @AfterAll
    void stop() {
        api.close();
        certificates.stop();
        timers.stop();
    }

    private HttpResponse<String> get(HttpClient client, String path) throws IOException, InterruptedException {
        URI uri = URI.create("https://127.0.0.1:" + api.server.port() + path);
        return client.send(
                HttpRequest.newBuilder(uri)
                        .header("Authorization", "Bearer " + api.token)
                        .build(),
                BodyHandlers.ofString());
    }

    private SSLSocket connect(SSLContext context, String... protocols) throws IOException {
        SSLSocket socket = (SSLSocket)
                context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), api.server.port());
        socket.setSoTimeout(30_000);
        if (protocols.length > 0) {
            socket.setEnabledProtocols(protocols);
        }
        socket.startHandshake();
        return socket;
    }

    private static String ask(SSLSocket socket) throws IOException {
        socket.getOutputStream()
                .write("GET /healthz HTTP/1.1\r\nHost: other.example\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        return new String(socket.getInputStream().readNBytes(15), StandardCharsets.US_ASCII);
    }

    @Test
    void everythingIsThereOverTls() throws Exception {
        try (HttpClient client = HttpClient.newBuilder()
                .sslContext(TestCertificates.trusting(first, second))
                .build()) {
            for (String path : List.of("/healthz", "/readyz", "/openapi.json")) {
                assertThat(get(client, path).statusCode()).as(path).isEqualTo(200);
            }
            assertThat(get(client, "/api/v1/runs/x").statusCode()).isEqualTo(404);
        }
    }

    @Test
    void currentProtocolsOnly() throws Exception {
        SSLContext trusting = TestCertificates.trusting(first, second);
        for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
            try (SSLSocket socket = connect(trusting, protocol)) {
                assertThat(socket.getSession().getProtocol()).isEqualTo(protocol);
            }
        }
        assertThatThrownBy(() -> connect(trusting, "TLSv1.1").close()).isInstanceOf(IOException.class);
    }

    @Test
    void plainHttpIsNotAnswered() throws IOException {
        assertThat(api.raw("GET /healthz HTTP/1.1", "Host: x", "", "")).doesNotContain("200");
    }

    @Test
    void aNewCertificateServesNewConnectionsAndDropsNone() throws Exception {
        SSLContext both = TestCertificates.trusting(first, second);
        try (SSLSocket before = connect(both)) {
            assertThat(ask(before)).isEqualTo("HTTP/1.1 200 OK");
            long reloads = certificates.reloads();
            second.write(certificate, key);
            while (certificates.reloads() == reloads) {
                timers.sleep(Duration.ofMillis(5));
            }
            assertThat(serverCertificate(both)).isEqualTo(second.certificate());
            before.getInputStream().skipNBytes(before.getInputStream().available());
            before.getOutputStream()
                    .write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(before.getInputStream().read()).isNotNegative();
        }
        assertThatThrownBy(() -> serverCertificate(TestCertificates.trusting(first)))
                .isInstanceOf(SSLException.class);
    }

    private Certificate serverCertificate(SSLContext trusting) throws IOException, GeneralSecurityException {
        try (SSLSocket socket = connect(trusting)) {
            return socket.getSession().getPeerCertificates()[0];
        }
    }
}
