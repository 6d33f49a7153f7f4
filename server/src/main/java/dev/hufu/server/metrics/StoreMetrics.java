package dev.hufu.server.metrics;

import dev.hufu.server.store.CommitListener;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/** The store's writer: how much it commits at once, and how long that takes. Called by its thread. */
final class StoreMetrics implements CommitListener {
    private static final double[] UNITS = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};

    private final Timer commits;
    private final DistributionSummary units;
    private final Counter failures;

    StoreMetrics(MeterRegistry registry) {
        commits = Buckets.shortTimer("hufu.store.commit", "Transactions of the writer, until they are on the disk.")
                .register(registry);
        units = DistributionSummary.builder("hufu.store.commit.units")
                .description("Units of work in one transaction.")
                .serviceLevelObjectives(UNITS)
                .register(registry);
        failures = Counter.builder("hufu.store.failures")
                .description("Units of work that the store could not take: no room, busy, broken.")
                .register(registry);
    }

    @Override
    public void committed(int count, long nanos) {
        commits.record(Duration.ofNanos(nanos));
        units.record(count);
    }

    @Override
    public void failed(int count) {
        failures.increment(count);
    }
}
