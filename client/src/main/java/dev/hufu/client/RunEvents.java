package dev.hufu.client;

import dev.hufu.client.HttpCalls.Form;
import dev.hufu.client.HttpCalls.Request;
import dev.hufu.protocol.RunId;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What happened to a run, from its start or from a known event on, and then what happens, until the run has ended: each event
 * once, over broken connections and restarts of the server. For one thread; another may close it, and the thread that waits
 * then gets an {@code IllegalStateException}.
 */
public final class RunEvents implements AutoCloseable {
    private final LiveLines lines;
    private @Nullable String last;
    private boolean ended;

    RunEvents(LiveLines.Opener open, String api, RunId run, @Nullable String after) {
        last = after;
        lines = open.apply(
                true,
                () -> new Request(
                        "GET",
                        api + "/runs/" + run + "/events",
                        last == null
                                ? Map.of("Accept", "text/event-stream")
                                : Map.of("Accept", "text/event-stream", "Last-Event-ID", last),
                        null,
                        LiveLines.SILENCE,
                        Form.LINES));
    }

    /** Waits for the next event; empty after the one with which the run ended. */
    public Optional<RunEvent> next() throws InterruptedException {
        String id = null;
        String type = "";
        StringBuilder data = new StringBuilder();
        int connection = lines.connections();
        while (!ended) {
            byte[] bytes = lines.next();
            String line = bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
            if (connection != lines.connections()) {
                connection = lines.connections();
                id = null;
                type = "";
                data.setLength(0);
            }
            int colon = line.indexOf(':');
            String field = colon < 0 ? line : line.substring(0, colon);
            String value = colon < 0 ? "" : line.substring(line.startsWith(" ", colon + 1) ? colon + 2 : colon + 1);
            switch (field) {
                case "id" -> id = value;
                case "event" -> type = value;
                case "data" -> data.append(value).append('\n');
                default -> {
                    if (line.isEmpty() && !data.isEmpty()) {
                        Optional<RunEvent> event = event(id, type, data.toString());
                        if (event.isPresent()) {
                            return event;
                        }
                    }
                    if (line.isEmpty()) {
                        id = null;
                        type = "";
                        data.setLength(0);
                    }
                }
            }
        }
        return Optional.empty();
    }

    private Optional<RunEvent> event(@Nullable String id, String type, String data) {
        String known = id == null ? "" : id;
        Json json = Json.object(data.getBytes(StandardCharsets.UTF_8));
        RunEvent event = switch (type) {
            case "task" -> new RunEvent.OfTask(known, Answers.task(json));
            case "run" -> {
                Run run = Answers.run(json);
                ended = run.state().terminal();
                yield new RunEvent.OfRun(known, run);
            }
            // Of a newer server.
            default -> null;
        };
        if (id != null) {
            last = id;
        }
        if (ended) {
            lines.close();
        }
        return Optional.ofNullable(event);
    }

    @Override
    public void close() {
        lines.close();
    }
}
