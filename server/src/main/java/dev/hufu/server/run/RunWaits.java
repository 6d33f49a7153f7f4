package dev.hufu.server.run;

import dev.hufu.protocol.RunId;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets callers wait for a run's end. Holds an entry only for runs somebody waits for; the store is asked after registering,
 * so that an end just before is not missed. Thread-safe; owns no thread.
 */
public final class RunWaits {
    private final ConcurrentHashMap<RunId, Wait> waiting = new ConcurrentHashMap<>();
    private final RunStore store;
    private volatile boolean released;

    /** Those who wait for one run; the count of them is changed inside the map only. */
    private static final class Wait {
        private final CountDownLatch over = new CountDownLatch(1);
        private int callers;
        private volatile @Nullable RunRecord ended;
    }

    public RunWaits(RunStore store) {
        this.store = store;
    }

    /** Called after every committed change of a run. */
    void changed(RunRecord run) {
        if (!run.progress().state().terminal()) {
            return;
        }
        Wait wait = waiting.get(run.id());
        if (wait != null) {
            wait.ended = run;
            wait.over.countDown();
        }
    }

    /** Ends every wait at once, and those that come; each caller answers with the run as it is. For drain. */
    public void releaseAll() {
        released = true;
        waiting.values().forEach(wait -> wait.over.countDown());
    }

    /** The run once it is terminal, or as it is when the time is over; empty where there is none. */
    public Optional<RunRecord> awaitEnd(RunId id, Duration limit) throws InterruptedException {
        Wait wait = enter(id);
        try {
            Optional<RunRecord> now = store.run(id);
            if (now.isEmpty() || now.get().progress().state().terminal() || released) {
                return now;
            }
            if (!wait.over.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                return store.run(id);
            }
            RunRecord ended = wait.ended;
            return ended == null ? store.run(id) : Optional.of(ended);
        } finally {
            leave(id);
        }
    }

    /** How many runs are waited for. */
    int size() {
        return waiting.size();
    }

    private Wait enter(RunId id) {
        return waiting.compute(id, (_, present) -> {
            Wait wait = present == null ? new Wait() : present;
            wait.callers++;
            return wait;
        });
    }

    private void leave(RunId id) {
        waiting.computeIfPresent(id, (_, wait) -> --wait.callers == 0 ? null : wait);
    }
}
