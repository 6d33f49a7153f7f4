package dev.hufu.server.run;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.support.Timers;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * How much may wait. Who brings more is held back for a moment before the refusal: callers who ask again at once would
 * otherwise take the processors from what runs. Only so many are held at once. Thread-safe; owns no thread.
 */
public final class QueueLimit {
    public static final int DEFAULT_HELD = 1_000;

    private static final int SHORTEST_MILLIS = 50;
    private static final int LONGEST_MILLIS = 100;

    private final long capacity;
    private final Timers timers;
    private final Semaphore holds;
    /** Tasks on their way into the store, which does not count them yet. */
    private final AtomicLong entering = new AtomicLong();

    /** @param held callers that are held back at once; the rest is refused at once */
    public QueueLimit(long capacity, int held, Timers timers) {
        this.capacity = capacity;
        this.timers = timers;
        holds = new Semaphore(held);
    }

    /** Whether so many more would be too many, as far as can be told without reserving room for them. */
    boolean isFull(int tasks, long pending) {
        return entering.get() + pending + tasks > capacity;
    }

    /**
     * Stores tasks if there is room for them, at once or after the hold.
     *
     * @param pending how many tasks wait
     * @throws Refusal with {@link ErrorKind#QUEUE_FULL}
     */
    <T> T enter(int tasks, LongSupplier pending, Supplier<T> storing) {
        if (!reserve(tasks, pending)) {
            hold();
            if (!reserve(tasks, pending)) {
                throw new Refusal(ErrorKind.QUEUE_FULL, "The queue holds " + capacity + " tasks and is full.");
            }
        }
        try {
            return storing.get();
        } finally {
            entering.addAndGet(-tasks);
        }
    }

    private boolean reserve(int tasks, LongSupplier pending) {
        while (true) {
            // In this order a task that is being stored counts twice for a moment, and never not at all.
            long before = entering.get();
            if (before + pending.getAsLong() + tasks > capacity) {
                return false;
            }
            if (entering.compareAndSet(before, before + tasks)) {
                return true;
            }
        }
    }

    private void hold() {
        if (!holds.tryAcquire()) {
            return;
        }
        try {
            timers.sleep(Duration.ofMillis(ThreadLocalRandom.current().nextInt(SHORTEST_MILLIS, LONGEST_MILLIS)));
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new Refusal(ErrorKind.DRAINING, "The server is shutting down.");
        } finally {
            holds.release();
        }
    }
}
