package dev.hufu.server.metrics;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.http.RequestListener;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/** Requests: how many, how long they took, what was refused. Thread-safe. */
final class RequestMetrics implements RequestListener {
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS");

    private final MeterRegistry registry;
    private final Map<Stream, AtomicLong> streams = new EnumMap<>(Stream.class);

    RequestMetrics(MeterRegistry registry) {
        this.registry = registry;
        for (Stream kind : Stream.values()) {
            AtomicLong open = new AtomicLong();
            streams.put(kind, open);
            Gauge.builder("hufu.http.streams", open, AtomicLong::get)
                    .description("Answers that are open and go on: followed output, events, attached runs.")
                    .tag("kind", kind.name().toLowerCase(Locale.ROOT))
                    .register(registry);
        }
        for (ErrorKind kind : ErrorKind.values()) {
            refusals(kind);
        }
        logins("missing");
        logins("wrong");
    }

    @Override
    public void answered(String method, String route, int status, long nanos) {
        Buckets.shortTimer("hufu.http.requests", "Requests, from their headers to the last byte of the answer.")
                .tag("method", METHODS.contains(method) ? method : "other")
                .tag("route", route)
                .tag("status", status / 100 + "xx")
                .register(registry)
                .record(Duration.ofNanos(nanos));
    }

    @Override
    public void refused(ErrorKind kind) {
        refusals(kind).increment();
    }

    @Override
    public void loginFailed(boolean credentialsGiven) {
        logins(credentialsGiven ? "wrong" : "missing").increment();
    }

    @Override
    public void streams(Stream kind, int change) {
        AtomicLong open = streams.get(kind);
        if (open != null) {
            open.addAndGet(change);
        }
    }

    private Counter refusals(ErrorKind kind) {
        return Counter.builder("hufu.http.refusals")
                .description("Answers that were problems, by code.")
                .tag("code", kind.code())
                .register(registry);
    }

    private Counter logins(String credentials) {
        return Counter.builder("hufu.http.logins.failed")
                .description("Requests whose credentials were missing or wrong.")
                .tag("credentials", credentials)
                .register(registry);
    }
}
