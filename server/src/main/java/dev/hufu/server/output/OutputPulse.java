package dev.hufu.server.output;

import dev.hufu.protocol.AttemptId;
import dev.hufu.server.output.AttemptOutput.Stream;
import dev.hufu.support.Service;
import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells followers that a process has written more. One virtual thread looks at the counters of each attempt that is followed
 * every few milliseconds, however many follow it, and sleeps while nobody does. Ends with {@link #stop}.
 */
public final class OutputPulse implements Service {
    private static final Logger LOG = LoggerFactory.getLogger(OutputPulse.class);
    private static final Duration SHORTEST = Duration.ofMillis(5);
    private static final Duration LONGEST = Duration.ofMillis(25);
    private static final int ATTEMPTS_PER_MILLISECOND = 10;

    private final OutputStore store;
    private final Timers timers;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<AttemptId, Followed> followed = new HashMap<>();
    private @Nullable Thread thread;
    private boolean stopped;

    public OutputPulse(OutputStore store, Timers timers) {
        this.store = store;
        this.timers = timers;
    }

    /** An attempt and those who follow it; guarded by the lock, but for what the pulse alone uses. */
    private static final class Followed {
        private final AttemptOutput output;
        private List<Follower> followers = List.of();
        private long seen = -1;

        Followed(AttemptOutput output) {
            this.output = output;
        }
    }

    /** One who follows an attempt, until it is closed. */
    public final class Follower implements AutoCloseable {
        private final AttemptId attempt;
        private final Runnable onMore;

        private Follower(AttemptId attempt, Runnable onMore) {
            this.attempt = attempt;
            this.onMore = onMore;
        }

        @Override
        public void close() {
            lock.lock();
            try {
                Followed of = followed.get(attempt);
                if (of != null) {
                    of.followers =
                            of.followers.stream().filter(each -> each != this).toList();
                    changed.signalAll();
                }
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Follows an attempt. What was written before is for the caller to read afterwards.
     *
     * @param onMore called on the pulse's thread after each look that found more; returns at once
     * @return empty where the attempt has no output (yet)
     */
    public Optional<Follower> follow(AttemptId attempt, Runnable onMore) throws IOException {
        Follower follower = new Follower(attempt, onMore);
        if (join(follower, null)) {
            return Optional.of(follower);
        }
        Optional<AttemptOutput> opened = store.open(attempt);
        if (opened.isEmpty() || !join(follower, opened.get())) {
            return Optional.empty();
        }
        return Optional.of(follower);
    }

    /** Adds a follower, and the attempt where it is not followed yet and its output is given. */
    private boolean join(Follower follower, @Nullable AttemptOutput opened) {
        lock.lock();
        try {
            Followed of = followed.get(follower.attempt);
            if (of == null && opened != null && !stopped) {
                of = new Followed(opened);
                followed.put(follower.attempt, of);
            } else if (opened != null) {
                opened.close();
            }
            if (of == null) {
                return false;
            }
            List<Follower> all = new ArrayList<>(of.followers);
            all.add(follower);
            of.followers = List.copyOf(all);
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** How many attempts are followed. */
    public int size() {
        lock.lock();
        try {
            return (int) followed.values().stream()
                    .filter(each -> !each.followers.isEmpty())
                    .count();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void start() {
        lock.lock();
        try {
            if (thread != null || stopped) {
                throw new IllegalStateException("was started or stopped before");
            }
            thread = Threads.virtual("output-pulse", this::loop);
            thread.start();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void stop() {
        Thread started;
        lock.lock();
        try {
            stopped = true;
            started = thread;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (started != null) {
            try {
                started.join();
            } catch (InterruptedException hurried) {
                Thread.currentThread().interrupt();
            }
        }
        followed.values().forEach(each -> each.output.close());
        followed.clear();
    }

    private void loop() {
        try {
            while (true) {
                List<Followed> all = awaitFollowers();
                if (all.isEmpty()) {
                    return;
                }
                all.forEach(this::look);
                Duration pause = Duration.ofMillis(all.size() / ATTEMPTS_PER_MILLISECOND);
                timers.sleep(pause.compareTo(SHORTEST) < 0 ? SHORTEST : pause.compareTo(LONGEST) > 0 ? LONGEST : pause);
            }
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }

    /** What is followed; waits while nothing is. Empty at the end. */
    private List<Followed> awaitFollowers() throws InterruptedException {
        lock.lock();
        try {
            while (true) {
                followed.values().removeIf(each -> {
                    if (each.followers.isEmpty()) {
                        each.output.close();
                        return true;
                    }
                    return false;
                });
                if (stopped) {
                    return List.of();
                }
                if (!followed.isEmpty()) {
                    return List.copyOf(followed.values());
                }
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private void look(Followed of) {
        long written;
        try {
            written = of.output.extent(Stream.STDOUT).written()
                    + of.output.extent(Stream.STDERR).written();
        } catch (IOException unreadable) {
            // Those who follow meet the same, and say it.
            LOG.debug("output that is followed cannot be read", unreadable);
            written = of.seen - 1;
        }
        if (written == of.seen) {
            return;
        }
        of.seen = written;
        List<Follower> followers;
        lock.lock();
        try {
            followers = of.followers;
        } finally {
            lock.unlock();
        }
        followers.forEach(follower -> follower.onMore.run());
    }
}
