package dev.hufu.server;

import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A clock that stands still until a test moves it. Actions that fall due run each on a thread of its own. */
public final class FakeTimers implements Timers {
    private record Entry(long due, Runnable action) {}

    private final List<Entry> entries = new ArrayList<>();
    private Instant now;
    private long nanos;

    public FakeTimers(Instant start) {
        now = start;
    }

    public FakeTimers() {
        this(Instant.parse("2026-03-01T10:00:00.123456789Z"));
    }

    public void advance(Duration by) {
        List<Entry> due = new ArrayList<>();
        synchronized (this) {
            now = now.plus(by);
            nanos += by.toNanos();
            entries.removeIf(entry -> entry.due() <= nanos && due.add(entry));
        }
        due.sort(Comparator.comparingLong(Entry::due));
        due.forEach(
                entry -> Threads.virtual("fake-timer-action", entry.action()).start());
    }

    /** The wall clock is set, and nothing else: no time has gone by. */
    public synchronized void set(Duration by) {
        now = now.plus(by);
    }

    /** How many actions wait. */
    public synchronized int scheduled() {
        return entries.size();
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
