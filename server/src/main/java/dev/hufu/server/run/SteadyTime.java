package dev.hufu.server.run;

import dev.hufu.support.Timers;
import java.time.Instant;

/**
 * The wall clock as it would be had nobody set it since this was made: what is to last for a while lasts just that long.
 * Immutable.
 */
final class SteadyTime {
    private final Timers timers;
    private final Instant madeAt;
    private final long madeAtNanos;

    SteadyTime(Timers timers) {
        this.timers = timers;
        madeAt = timers.now();
        madeAtNanos = timers.nanoTime();
    }

    Instant now() {
        return madeAt.plusNanos(timers.nanoTime() - madeAtNanos);
    }
}
