package dev.hufu.server.dispatch;

import dev.hufu.protocol.TaskId;
import dev.hufu.server.run.Tasks;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets tasks go on once their wait for the next attempt is over. The store keeps when; this holds one timer, for the first of
 * them, and works on a virtual thread when it fires, one round at a time. Ends with {@link #stop}.
 */
final class Backoffs {
    private static final Logger LOG = LoggerFactory.getLogger(Backoffs.class);
    private static final int ROUND = 256;
    private static final Duration AFTER_A_FAILURE = Duration.ofSeconds(1);

    private final Tasks tasks;
    private final Timers timers;
    private final Runnable onPending;
    private final ReentrantLock round = new ReentrantLock();
    private Timers.@Nullable Scheduled armed;
    private long armedFor;
    private boolean stopped;

    /** @param onPending called after tasks have become pending */
    Backoffs(Tasks tasks, Timers timers, Runnable onPending) {
        this.tasks = tasks;
        this.timers = timers;
        this.onPending = onPending;
    }

    /** Finds those that wait since before. */
    void start() {
        Threads.virtual("retries", this::run).start();
    }

    synchronized void stop() {
        stopped = true;
        if (armed != null) {
            armed.cancel();
        }
    }

    /** A task waits until then. */
    void waits(Instant nextAttemptAt) {
        arm(tasks.until(nextAttemptAt));
    }

    private synchronized void arm(Duration wait) {
        if (stopped) {
            return;
        }
        if (!wait.isPositive()) {
            Threads.virtual("retries", this::run).start();
            return;
        }
        long due = timers.nanoTime() + wait.toNanos();
        if (armed != null && armedFor - due <= 0) {
            return;
        }
        if (armed != null) {
            armed.cancel();
        }
        armedFor = due;
        armed = timers.schedule(wait, this::run);
    }

    private synchronized boolean disarm() {
        if (armed != null) {
            armed.cancel();
            armed = null;
        }
        return !stopped;
    }

    private void run() {
        round.lock();
        try {
            // What begins to wait from here on arms again, and what waited before is seen.
            if (disarm()) {
                boolean done = resumeDue();
                tasks.untilNextRetry().ifPresent(next -> arm(done ? next : later(next)));
            }
        } catch (StoreUnavailableException unavailable) {
            LOG.debug("Tasks whose wait is over go on later", unavailable);
            arm(AFTER_A_FAILURE);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        } finally {
            round.unlock();
        }
    }

    private static Duration later(Duration next) {
        return next.compareTo(AFTER_A_FAILURE) > 0 ? next : AFTER_A_FAILURE;
    }

    /** Answers whether all that were due go on. */
    private boolean resumeDue() throws InterruptedException {
        boolean done = true;
        List<TaskId> due;
        do {
            due = tasks.dueRetries(ROUND);
            done = resumeAll(due);
            if (!due.isEmpty()) {
                onPending.run();
            }
        } while (done && due.size() == ROUND);
        return done;
    }

    /** Together, so that they share their commits. */
    private boolean resumeAll(List<TaskId> due) throws InterruptedException {
        AtomicBoolean done = new AtomicBoolean(true);
        List<Thread> threads = new ArrayList<>(due.size());
        for (TaskId task : due) {
            Thread thread = Threads.virtual("retry-task", () -> {
                if (!resume(task)) {
                    done.set(false);
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return done.get();
    }

    private boolean resume(TaskId task) {
        try {
            tasks.resume(task);
            return true;
        } catch (StoreUnavailableException unavailable) {
            LOG.debug("Task {} goes on later", task, unavailable);
        } catch (RuntimeException failed) {
            LOG.error("Task {} cannot go on to its next attempt", task, failed);
        }
        return false;
    }
}
