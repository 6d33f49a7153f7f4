package dev.hufu.server.metrics;

import dev.hufu.server.http.RequestListener;
import dev.hufu.server.run.LifecycleListener;
import dev.hufu.server.store.CommitListener;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The one registry of what the server counts. Figures of the JVM are gathered from the first time somebody asks, so that a
 * start does not pay for them. Thread-safe; {@link #close} lets go of the JVM.
 */
public final class Metrics implements AutoCloseable {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final RunMetrics runs = new RunMetrics(registry);
    private final RequestMetrics requests = new RequestMetrics(registry);
    private final StoreMetrics store = new StoreMetrics(registry);
    private @Nullable JvmGcMetrics collector;
    private boolean closed;

    /** @param version of this program */
    public Metrics(String version) {
        Gauge.builder("hufu.build.info", () -> 1)
                .description("1; the label says which version runs.")
                .tag("version", version)
                .register(registry);
    }

    public LifecycleListener runs() {
        return runs;
    }

    public RequestListener requests() {
        return requests;
    }

    public CommitListener store() {
        return store;
    }

    /** Adds a figure that is asked for when somebody looks; one that cannot be had is not a number. */
    public void gauge(String name, String description, DoubleSupplier value) {
        Gauge.builder(name, () -> guarded(value)).description(description).register(registry);
    }

    /** Adds a figure that only grows, with one label. */
    public void counter(String name, String description, String label, String labelValue, DoubleSupplier value) {
        FunctionCounter.builder(name, value, DoubleSupplier::getAsDouble)
                .description(description)
                .tag(label, labelValue)
                .register(registry);
    }

    /** All figures in the text format of Prometheus. */
    public String exposition() {
        bindJvm();
        return registry.scrape();
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (collector != null) {
            collector.close();
        }
        registry.close();
    }

    private synchronized void bindJvm() {
        if (collector != null || closed) {
            return;
        }
        JvmGcMetrics bound = new JvmGcMetrics();
        bound.bindTo(registry);
        collector = bound;
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
    }

    private static double guarded(DoubleSupplier value) {
        try {
            return value.getAsDouble();
        } catch (RuntimeException unknown) {
            // Whoever looks must get the other figures; the log has the reason from those who need the store.
            return Double.NaN;
        }
    }
}
