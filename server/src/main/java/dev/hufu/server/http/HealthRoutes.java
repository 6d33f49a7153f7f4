package dev.hufu.server.http;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.http.json.Json;
import dev.hufu.server.run.Refusal;
import dev.hufu.server.run.Submissions;
import dev.hufu.server.store.RunStore;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** {@code /healthz}: the process lives. {@code /readyz}: it takes work, that is, it is not draining and has its store. */
final class HealthRoutes {
    private final Submissions submissions;
    private final RunStore store;
    private final Supplier<Optional<String>> notice;

    HealthRoutes(Submissions submissions, RunStore store, Supplier<Optional<String>> notice) {
        this.submissions = submissions;
        this.store = store;
        this.notice = notice;
    }

    List<Route> routes() {
        return List.of(
                new Route("GET", "/healthz", Permission.PUBLIC, HealthRoutes::health),
                new Route("GET", "/readyz", Permission.PUBLIC, this::readiness));
    }

    private static void health(Exchange exchange) throws IOException {
        exchange.noQuery();
        status(exchange, "ok", Optional.empty());
    }

    private void readiness(Exchange exchange) throws IOException {
        exchange.noQuery();
        if (submissions.draining()) {
            throw new Refusal(ErrorKind.DRAINING, "The server is shutting down.");
        }
        store.check();
        status(exchange, "ready", notice.get());
    }

    private static void status(Exchange exchange, String status, Optional<String> detail) throws IOException {
        exchange.json(200, Json.write(generator -> {
            generator.writeStartObject();
            generator.writeStringProperty("status", status);
            detail.ifPresent(text -> generator.writeStringProperty("detail", text));
            generator.writeEndObject();
        }));
    }
}
