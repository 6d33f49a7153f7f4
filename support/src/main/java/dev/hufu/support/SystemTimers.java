package dev.hufu.support;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Timers on the machine's clock. One platform thread keeps the schedule and hands each action to a virtual thread, so that
 * a slow action delays no other. Stops with {@link #stop}.
 */
public final class SystemTimers implements Timers, Service {
    private final ScheduledThreadPoolExecutor executor;

    public SystemTimers() {
        executor = new ScheduledThreadPoolExecutor(1, action -> Threads.platform("hufu-timer", action));
        executor.setRemoveOnCancelPolicy(true);
    }

    @Override
    public Instant now() {
        return Instant.now();
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public void sleep(Duration duration) throws InterruptedException {
        Thread.sleep(duration);
    }

    @Override
    public Scheduled schedule(Duration delay, Runnable action) {
        Future<?> future = executor.schedule(
                () -> Threads.virtual("timer-action", action).start(), delay.toNanos(), TimeUnit.NANOSECONDS);
        return () -> future.cancel(false);
    }

    @Override
    public void start() {
        executor.prestartCoreThread();
    }

    @Override
    public void stop() {
        executor.shutdownNow();
    }
}
