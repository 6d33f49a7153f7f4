package dev.hufu.server.run;

import dev.hufu.server.store.TaskRecord;
import java.time.Instant;

/** Hears of tasks between two attempts, after the commit, on the thread that made the change: returns at once. */
public interface BetweenAttempts {
    BetweenAttempts NOBODY = new BetweenAttempts() {
        @Override
        public void waits(Instant nextAttemptAt) {}

        @Override
        public void ended(TaskRecord task) {}
    };

    /** A task waits for its next attempt until then. */
    void waits(Instant nextAttemptAt);

    /** A task that had an attempt has ended while none was at its node. */
    void ended(TaskRecord task);
}
