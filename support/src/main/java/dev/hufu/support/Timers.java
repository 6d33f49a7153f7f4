package dev.hufu.support;

import java.time.Duration;
import java.time.Instant;

/** The clock and everything that waits for it. Tests and the simulation put their own in its place. */
public interface Timers {
    /** Wall-clock time, for what is shown and stored. */
    Instant now();

    /** Monotonic nanoseconds, for durations; no relation to any date. */
    long nanoTime();

    void sleep(Duration duration) throws InterruptedException;

    /** Runs {@code action} once, {@code delay} from now, on a thread of its own. */
    Scheduled schedule(Duration delay, Runnable action);

    /** Something scheduled. */
    interface Scheduled {
        /** Idempotent; without effect once the action began. */
        void cancel();
    }
}
