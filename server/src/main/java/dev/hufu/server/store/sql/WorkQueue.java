package dev.hufu.server.store.sql;

import dev.hufu.server.store.StoreUnavailableException;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue of work between callers and store threads. Thread-safe. After {@link #close} what is queued is still
 * done, and what comes later is refused.
 */
public final class WorkQueue {
    private static final long PATIENCE_SECONDS = 10;
    private static final Work<@Nullable Void> LAST = new Work<>(_ -> null);

    private final BlockingQueue<Work<?>> queue;
    private volatile boolean closed;
    private volatile boolean ending;
    private volatile boolean over;

    public WorkQueue(int capacity) {
        queue = new ArrayBlockingQueue<>(capacity);
    }

    public <T extends @Nullable Object> T call(Work<T> work) {
        if (closed) {
            throw refused("The store is closed.");
        }
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    if (!queue.offer(work, PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                        throw refused("The store does not keep up.");
                    }
                    break;
                } catch (InterruptedException noted) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        if (over) {
            refuseRest();
        }
        return work.await();
    }

    /**
     * Waits for work and takes up to {@code limit} of what is there.
     *
     * @return false when there will be no more
     */
    public boolean take(List<Work<?>> target, int limit) {
        target.clear();
        if (ending) {
            return queue.drainTo(target, limit) > 0;
        }
        try {
            target.add(queue.take());
        } catch (InterruptedException nobodyDoes) {
            throw new IllegalStateException("store threads are not interrupted", nobodyDoes);
        }
        queue.drainTo(target, limit - 1);
        if (target.removeIf(work -> work == LAST)) {
            ending = true;
            // For the other threads; where there is no room for it they have work, and look at the flag after that.
            queue.offer(LAST);
            return !target.isEmpty();
        }
        return true;
    }

    public void close() {
        closed = true;
        boolean offered = false;
        while (!offered) {
            try {
                offered = queue.offer(LAST, 1, TimeUnit.SECONDS);
            } catch (InterruptedException noted) {
                // The threads must hear of the end in any case; whoever closes ends with them.
                offered = queue.offer(LAST);
            }
        }
    }

    /** Called once no thread takes any more: what came too late is refused. */
    public void refuseRest() {
        over = true;
        for (Work<?> late = queue.poll(); late != null; late = queue.poll()) {
            late.fail(refused("The store is closed."));
            late.publish();
        }
    }

    private static StoreUnavailableException refused(String message) {
        return new StoreUnavailableException(message, new TimeoutException(message));
    }
}
