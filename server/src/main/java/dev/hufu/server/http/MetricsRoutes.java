package dev.hufu.server.http;

import dev.hufu.server.auth.Permission;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Supplier;

/** {@code /metrics}: what the server counts, in the text format of Prometheus. */
final class MetricsRoutes {
    private static final String MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final Supplier<String> exposition;

    MetricsRoutes(Supplier<String> exposition) {
        this.exposition = exposition;
    }

    List<Route> routes() {
        return List.of(new Route("GET", "/metrics", Permission.READ, this::show));
    }

    private void show(Exchange exchange) throws IOException {
        exchange.noQuery();
        byte[] text = exposition.get().getBytes(StandardCharsets.UTF_8);
        exchange.begin(200, MEDIA_TYPE, text.length).write(text);
    }
}
