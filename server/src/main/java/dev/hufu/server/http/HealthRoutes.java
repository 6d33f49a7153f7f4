package dev.hufu.server.http;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.http.json.Json;
import dev.hufu.server.run.Refusal;
import dev.hufu.server.run.Submissions;
import dev.hufu.server.store.RunStore;
import java.io.IOException;
import java.util.List;

/** {@code /healthz}: the process lives. {@code /readyz}: it takes work, that is, it is not draining and has its store. */
final class HealthRoutes {
    private final Submissions submissions;
    private final RunStore store;

    HealthRoutes(Submissions submissions, RunStore store) {
        this.submissions = submissions;
        this.store = store;
    }

    List<Route> routes() {
        return List.of(
                new Route("GET", "/healthz", Permission.PUBLIC, HealthRoutes::health),
                new Route("GET", "/readyz", Permission.PUBLIC, this::readiness));
    }

    private static void health(Exchange exchange) throws IOException {
        exchange.noQuery();
        status(exchange, "ok");
    }

    private void readiness(Exchange exchange) throws IOException {
        exchange.noQuery();
        if (submissions.draining()) {
            throw new Refusal(ErrorKind.DRAINING, "The server is shutting down.");
        }
        store.check();
        status(exchange, "ready");
    }

    private static void status(Exchange exchange, String status) throws IOException {
        exchange.json(
                200,
                Json.write(generator -> generator
                        .writeStartObject()
                        .writeName("status")
                        .writeString(status)
                        .writeEndObject()));
    }
}
