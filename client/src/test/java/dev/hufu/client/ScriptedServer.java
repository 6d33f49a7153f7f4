package dev.hufu.client;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

/** Gives the answers it was told, in order, and keeps what it was asked. Ends with {@link #close}. */
final class ScriptedServer implements AutoCloseable {
    record Asked(String method, String target, Map<String, List<String>> headers, String body) {
        String header(String name) {
            return headers.getOrDefault(name, List.of("")).getFirst();
        }
    }

    /** Whether the connection is cut in place of an answer, or in its middle. */
    enum Cut {
        NO,
        BEFORE,
        WITHIN
    }

    private record Answer(int status, Map<String, String> headers, String body, Cut cut) {}

    private final HttpServer server;
    private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
    private final List<Asked> asked = new CopyOnWriteArrayList<>();

    ScriptedServer() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        server.createContext("/", this::handle);
        server.start();
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    ScriptedServer answer(int status, Map<String, String> headers, String body) {
        answers.add(new Answer(status, headers, body, Cut.NO));
        return this;
    }

    ScriptedServer answer(int status, String body) {
        return answer(status, Map.of(), body);
    }

    ScriptedServer cut(Cut where) {
        answers.add(new Answer(200, Map.of("Hufu-Output-Complete", "true"), "half of it", where));
        return this;
    }

    List<Asked> asked() {
        return asked;
    }

    private void handle(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        asked.add(new Asked(
                exchange.getRequestMethod(),
                exchange.getRequestURI().toString(),
                Map.copyOf(exchange.getRequestHeaders()),
                body));
        Answer answer = answers.poll();
        if (answer == null) {
            answer = new Answer(500, Map.of(), "nothing was scripted", Cut.NO);
        }
        if (answer.cut() == Cut.BEFORE) {
            throw new IOException("cut, as the test wants");
        }
        byte[] content = answer.body().getBytes(StandardCharsets.ISO_8859_1);
        answer.headers().forEach(exchange.getResponseHeaders()::add);
        exchange.sendResponseHeaders(
                answer.status(), content.length == 0 ? -1 : content.length + (answer.cut() == Cut.WITHIN ? 100 : 0));
        exchange.getResponseBody().write(content);
        exchange.getResponseBody().flush();
        if (answer.cut() == Cut.WITHIN) {
            throw new IOException("cut, as the test wants");
        }
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
