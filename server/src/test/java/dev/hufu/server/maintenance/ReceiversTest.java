package dev.hufu.server.maintenance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.hufu.server.FakeTimers;
import dev.hufu.server.config.CheckpointConfig;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What goes over the wire. */
final class ReceiversTest {
    private static final byte[] LINE = "{\"sequence\":1}".getBytes(StandardCharsets.UTF_8);
    private static final String HEADER = "<109>1 2026-03-01T10:00:00.123Z \\S+ hufu [0-9]+ audit-checkpoint - ";

    @Test
    void aWebhookGetsTheLineAndOnlySuccessCounts() throws Exception {
        BlockingQueue<String> bodies = new LinkedBlockingQueue<>();
        AtomicInteger status = new AtomicInteger(204);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            bodies.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                    + exchange.getRequestHeaders().getFirst("Content-Type") + " "
                    + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            exchange.getResponseHeaders().add("Location", "/elsewhere");
            exchange.sendResponseHeaders(status.get(), -1);
            exchange.close();
        });
        server.start();
        try {
            Webhook webhook = new Webhook(
                    URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/here?to=x"));
            webhook.send(LINE);
            assertThat(bodies).containsExactly("POST /here?to=x application/json {\"sequence\":1}");
            for (int refused : new int[] {302, 307, 400, 503}) {
                status.set(refused);
                assertThatThrownBy(() -> webhook.send(LINE))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining(Integer.toString(refused));
            }
            assertThat(bodies).as("no redirect is followed").hasSize(5).noneMatch(each -> each.contains("elsewhere"));
        } finally {
            server.stop(0);
        }
    }

    @Test
    void syslogIsADatagram() throws Exception {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            socket.setSoTimeout(10_000);
            syslog(false, socket.getLocalPort()).send(LINE);
            DatagramPacket packet = new DatagramPacket(new byte[2_048], 2_048);
            socket.receive(packet);
            assertThat(new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8))
                    .matches(HEADER + "\\{\"sequence\":1}");
        }
    }

    @Test
    void syslogOverTcpHasTheLengthInFront() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<String> read = new CompletableFuture<>();
            Thread.ofVirtual().start(() -> {
                try (Socket socket = server.accept()) {
                    read.complete(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
                } catch (IOException failed) {
                    read.completeExceptionally(failed);
                }
            });
            syslog(true, server.getLocalPort()).send(LINE);
            String all = read.get(10, TimeUnit.SECONDS);
            int space = all.indexOf(' ');
            assertThat(all.substring(space + 1)).matches(HEADER + "\\{\"sequence\":1}");
            assertThat(Integer.parseInt(all.substring(0, space))).isEqualTo(all.length() - space - 1);
        }
    }

    private static Syslog syslog(boolean tcp, int port) {
        return new Syslog(new CheckpointConfig.Syslog(tcp, "127.0.0.1", port), new FakeTimers());
    }
}
