package dev.hufu.agent;

import dev.hufu.support.Timers;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Lets few commands start at once: more only add latency. A permit is held from before the launch until the command's end, or
 * until shortly after exec, when the start's page faults are over. First come, first served.
 */
final class StartGate {
    static final Duration AFTER_EXEC = Duration.ofMillis(5);

    private final Semaphore free;
    private final Timers timers;

    StartGate(int permits, Timers timers) {
        this.free = new Semaphore(permits, true);
        this.timers = timers;
    }

    Permit enter() throws InterruptedException {
        free.acquire();
        return new Permit();
    }

    /** One start. */
    final class Permit implements AutoCloseable {
        private final AtomicBoolean held = new AtomicBoolean(true);
        private Timers.@Nullable Scheduled release;

        /** To be called by the thread that closes it. */
        void executed() {
            release = timers.schedule(AFTER_EXEC, this::giveBack);
        }

        private void giveBack() {
            if (held.compareAndSet(true, false)) {
                free.release();
            }
        }

        /** Gives it back now, if it was not yet. */
        @Override
        public void close() {
            if (release != null) {
                release.cancel();
            }
            giveBack();
        }
    }
}
