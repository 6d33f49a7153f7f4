package dev.hufu.it;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for a condition that no signal announces, and fails where it does not come true in time. */
public final class Eventually {
    private static final long PAUSE_MILLIS = 20;

    private Eventually() {}

    public static void holds(String what, Duration limit, BooleanSupplier condition) throws InterruptedException {
        holds(() -> what, limit, condition);
    }

    public static void holds(Supplier<String> what, Duration limit, BooleanSupplier condition)
            throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("not within " + limit + ": " + what.get());
            }
            Thread.sleep(PAUSE_MILLIS);
        }
    }
}
