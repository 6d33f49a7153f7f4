package dev.hufu.client;

import dev.hufu.support.Timers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** A clock on which time passes by sleeping, at once. For one thread. */
final class PassingTimers implements Timers {
    private final List<Duration> sleeps = new ArrayList<>();
    private Duration passed = Duration.ZERO;

    List<Duration> sleeps() {
        return sleeps;
    }

    @Override
    public Instant now() {
        return Instant.parse("2026-01-02T03:04:05Z").plus(passed);
    }

    @Override
    public long nanoTime() {
        return passed.toNanos();
    }

    @Override
    public void sleep(Duration duration) {
        sleeps.add(duration);
        passed = passed.plus(duration);
    }

    @Override
    public Scheduled schedule(Duration delay, Runnable action) {
        throw new UnsupportedOperationException();
    }
}
