package dev.hufu.agent;

import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A clock that stands still until a test moves it. Actions that fall due run each on a thread of its own. */
final class ManualTimers implements Timers {
    private record Entry(long due, Runnable action) {}

    private final List<Entry> entries = new ArrayList<>();
    private Instant now = Samples.AT;
    private long nanos;

    void advance(Duration by) {
        List<Entry> due = new ArrayList<>();
        synchronized (this) {
            now = now.plus(by);
            nanos += by.toNanos();
            for (Entry entry : entries) {
                if (entry.due() <= nanos) {
                    due.add(entry);
                }
            }
            entries.removeAll(due);
        }
        for (Entry entry : due) {
            Threads.virtual("manual-timer-action", entry.action()).start();
        }
    }

    /** The wall clock is set, and nothing else: no time has gone by. */
    synchronized void set(Duration by) {
        now = now.plus(by);
    }

    @Override
    public synchronized Instant now() {
        return now;
    }

    @Override
    public synchronized long nanoTime() {
        return nanos;
    }

    @Override
    public void sleep(Duration duration) throws InterruptedException {
        CountDownLatch over = new CountDownLatch(1);
        schedule(duration, over::countDown);
        over.await();
    }

    @Override
    public synchronized Scheduled schedule(Duration delay, Runnable action) {
        Entry entry = new Entry(nanos + delay.toNanos(), action);
        entries.add(entry);
        return () -> {
            synchronized (this) {
                entries.remove(entry);
            }
        };
    }
}
