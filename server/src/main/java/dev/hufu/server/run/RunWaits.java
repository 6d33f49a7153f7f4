package dev.hufu.server.run;

import dev.hufu.protocol.RunId;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets callers wait for a run's end, or hear of its changes. Holds an entry only for runs somebody waits for; the store is
 * asked after registering, so that a change just before is not missed. Thread-safe; owns no thread.
 */
public final class RunWaits {
    private final ConcurrentHashMap<RunId, Wait> waiting = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<RunId, List<Watch>> watched = new ConcurrentHashMap<>();
    private final RunStore store;
    private volatile boolean released;

    /** Hears of a run's changes until it is closed. */
    public final class Watch implements AutoCloseable {
        private final RunId run;
        private final Runnable onChange;

        private Watch(RunId run, Runnable onChange) {
            this.run = run;
            this.onChange = onChange;
        }

        @Override
        public void close() {
            watched.computeIfPresent(run, (_, all) -> {
                List<Watch> rest = all.stream().filter(each -> each != this).toList();
                return rest.isEmpty() ? null : rest;
            });
        }
    }

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
        List<Watch> watches = watched.get(run.id());
        if (watches != null) {
            watches.forEach(watch -> watch.onChange.run());
        }
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

    /**
     * Hears of every change of a run that is committed from now on. What was before is for the caller to read afterwards.
     *
     * @param onChange called on the thread of the change; returns at once
     */
    public Watch watch(RunId run, Runnable onChange) {
        Watch watch = new Watch(run, onChange);
        watched.compute(run, (_, present) -> {
            List<Watch> all = new ArrayList<>(present == null ? List.of() : present);
            all.add(watch);
            return List.copyOf(all);
        });
        return watch;
    }

    /** How many runs are waited for or watched. */
    int size() {
        return waiting.size() + watched.size();
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
