package dev.hufu.server.http;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A client of an answer that goes on: reads it as it comes. Closing it closes the connection. */
final class Listener implements AutoCloseable {
    private final HttpClient client = HttpClient.newHttpClient();
    private final HttpResponse<InputStream> response;
    private final BufferedReader lines;

    /** A server-sent event. */
    record Event(String name, String id, JsonNode data) {}

    Listener(HttpRequest.Builder request) throws IOException, InterruptedException {
        response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    }

    HttpResponse<InputStream> response() {
        return response;
    }

    String header(String name) {
        return String.join(" ", response.headers().allValues(name));
    }

    /** The next bytes, as many as these. */
    byte[] bytes(int count) throws IOException {
        return response.body().readNBytes(count);
    }

    byte[] rest() throws IOException {
        return response.body().readAllBytes();
    }

    /** The next line; null at the end. */
    @Nullable
    String line() throws IOException {
        return lines.readLine();
    }

    /** The next frame, heartbeats left out. */
    JsonNode frame() throws IOException {
        return frameOrEnd().orElseThrow(() -> new AssertionError("the answer has ended"));
    }

    private Optional<JsonNode> frameOrEnd() throws IOException {
        for (String line = line(); line != null; line = line()) {
            if (!line.isEmpty()) {
                return Optional.of(json(line));
            }
        }
        return Optional.empty();
    }

    /** All that come, up to the end. */
    List<JsonNode> frames() throws IOException {
        List<JsonNode> frames = new ArrayList<>();
        for (Optional<JsonNode> frame = frameOrEnd(); frame.isPresent(); frame = frameOrEnd()) {
            frames.add(frame.get());
        }
        return frames;
    }

    /** The next event, comments left out. */
    Event event() throws IOException {
        return eventOrEnd().orElseThrow(() -> new AssertionError("the answer has ended"));
    }

    private Optional<Event> eventOrEnd() throws IOException {
        String name = "message";
        String id = "";
        for (String line = line(); line != null; line = line()) {
            if (line.startsWith("event: ")) {
                name = line.substring(7);
            } else if (line.startsWith("id: ")) {
                id = line.substring(4);
            } else if (line.startsWith("data: ")) {
                Event event = new Event(name, id, json(line.substring(6)));
                if (!"".equals(line())) {
                    throw new AssertionError("an event does not end with an empty line");
                }
                return Optional.of(event);
            }
        }
        return Optional.empty();
    }

    /** All that come, up to the end. */
    List<Event> events() throws IOException {
        List<Event> events = new ArrayList<>();
        for (Optional<Event> event = eventOrEnd(); event.isPresent(); event = eventOrEnd()) {
            events.add(event.get());
        }
        return events;
    }

    private static JsonNode json(String text) {
        return JsonMapper.shared().readTree(text);
    }

    @Override
    public void close() {
        client.shutdownNow();
        client.close();
    }
}
