package dev.hufu.server.dispatch;

import dev.hufu.protocol.TaskId;
import dev.hufu.server.run.TaskEvent;
import dev.hufu.server.run.Tasks;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends tasks whose time to start has passed. Works on virtual threads of its own, one round at a time, so that many expired
 * tasks do not delay the others' dispatch, and share their commits.
 */
final class Expiry {
    private static final Logger LOG = LoggerFactory.getLogger(Expiry.class);
    private static final int ROUND = 256;

    private final RunStore store;
    private final Tasks tasks;
    private final Timers timers;
    private final AtomicBoolean running = new AtomicBoolean();
    private volatile boolean stopped;

    Expiry(RunStore store, Tasks tasks, Timers timers) {
        this.store = store;
        this.tasks = tasks;
        this.timers = timers;
    }

    /** Begins a round, unless one is under way. Returns at once. */
    void begin() {
        if (!stopped && running.compareAndSet(false, true)) {
            Threads.virtual("expiry", this::run).start();
        }
    }

    void stop() {
        stopped = true;
    }

    private void run() {
        try {
            List<TaskId> expired;
            do {
                expired = store.expired(timers.now(), ROUND);
                expireAll(expired);
            } while (expired.size() == ROUND && !stopped);
        } catch (StoreUnavailableException unavailable) {
            if (!stopped) {
                LOG.warn("Expired tasks could not be ended; it is tried again", unavailable);
            }
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        } finally {
            running.set(false);
        }
    }

    private void expireAll(List<TaskId> expired) throws InterruptedException {
        List<Thread> threads = new ArrayList<>(expired.size());
        for (TaskId task : expired) {
            Thread thread = Threads.virtual("expire-task", () -> expire(task));
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private void expire(TaskId task) {
        try {
            tasks.apply(task, new TaskEvent.ExpiryPassed(timers.now()), "server");
        } catch (StoreUnavailableException unavailable) {
            LOG.debug("Task {} is expired later", task, unavailable);
        } catch (RuntimeException failed) {
            LOG.error("Task {} could not be expired", task, failed);
        }
    }
}
