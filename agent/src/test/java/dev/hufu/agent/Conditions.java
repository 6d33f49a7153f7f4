package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waits for what sends no signal. */
final class Conditions {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Conditions() {}

    static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("a condition that is waited for").isLessThan(deadline);
            Thread.sleep(Duration.ofMillis(2));
        }
    }
}
