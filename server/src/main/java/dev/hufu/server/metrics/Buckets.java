package dev.hufu.server.metrics;

import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.stream.LongStream;

/** The upper ends of the histograms' buckets: fixed, so that servers can be added up. */
final class Buckets {
    private static final Duration[] SHORT =
            ofMillis(1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000);
    private static final Duration[] LONG = ofMillis(
            10,
            50,
            100,
            500,
            1_000,
            5_000,
            10_000,
            30_000,
            60_000,
            300_000,
            900_000,
            3_600_000,
            14_400_000,
            86_400_000);

    private Buckets() {}

    /** For what the server does itself. */
    static Timer.Builder shortTimer(String name, String description) {
        return Timer.builder(name).description(description).serviceLevelObjectives(SHORT);
    }

    /** For what takes as long as it takes. */
    static Timer.Builder longTimer(String name, String description) {
        return Timer.builder(name).description(description).serviceLevelObjectives(LONG);
    }

    private static Duration[] ofMillis(long... millis) {
        return LongStream.of(millis).mapToObj(Duration::ofMillis).toArray(Duration[]::new);
    }
}
