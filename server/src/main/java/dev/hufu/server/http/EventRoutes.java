package dev.hufu.server.http;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.RunId;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.http.stream.EventFollow;
import dev.hufu.server.http.stream.MediaType;
import dev.hufu.server.http.stream.OpenStream;
import dev.hufu.server.http.stream.Streams;
import dev.hufu.server.http.view.RunView;
import dev.hufu.server.http.view.TaskView;
import dev.hufu.server.run.Refusal;
import dev.hufu.server.run.RunWaits;
import dev.hufu.server.store.RunEvent;
import dev.hufu.server.store.RunStore;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code /runs/{id}/events}: what happened to a run, and what happens, as server-sent events. */
final class EventRoutes {
    private final RunStore store;
    private final Streams streams;
    private final EventFollow follow;

    EventRoutes(RunStore store, RunWaits waits, Streams streams) {
        this.store = store;
        this.streams = streams;
        this.follow = new EventFollow(store, waits, EventRoutes::render);
    }

    List<Route> routes() {
        return List.of(new Route("GET", "/api/v1/runs/{id}/events", Permission.READ, this::show));
    }

    private void show(Exchange exchange) throws IOException, InterruptedException {
        exchange.noQuery();
        RunId run = RunRoutes.id(exchange);
        exchange.accepted(MediaType.EVENTS);
        long after = lastEventId(exchange.header("Last-Event-ID"));
        if (store.run(run).isEmpty()) {
            throw RunRoutes.unknown();
        }
        if (exchange.isHead()) {
            exchange.beginHead(MediaType.EVENTS);
            return;
        }
        try (OpenStream stream = exchange.stream(RequestListener.Stream.EVENTS, MediaType.EVENTS, streams)) {
            follow.run(run, after, stream);
        }
    }

    private static long lastEventId(@Nullable String header) {
        if (header == null || header.isEmpty()) {
            return 0;
        }
        if (!header.chars().allMatch(each -> each >= '0' && each <= '9')) {
            throw new Refusal(
                    ErrorKind.INVALID_REQUEST, "Last-Event-ID must be the id of an event of this run, a whole number.");
        }
        return header.length() > 18 ? Long.MAX_VALUE : Long.parseLong(header);
    }

    private static byte[] render(RunEvent event) {
        return switch (event) {
            case RunEvent.OfRun of -> RunView.render(of.run());
            case RunEvent.OfTask of -> TaskView.renderWithoutOutput(of.task());
        };
    }
}
