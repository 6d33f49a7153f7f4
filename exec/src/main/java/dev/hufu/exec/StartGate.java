package dev.hufu.exec;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongPredicate;

/**
 * Lets few processes start at once: more only add latency. A permit is held from before the launch until the process's end,
 * or until its start is over: {@link #AFTER_EXEC} after exec, or {@link #LONGEST} after it where the process computes still by
 * then. First come, first served. Thread-safe.
 */
public final class StartGate {
    /** How long a start takes at least, from exec on. */
    public static final Duration AFTER_EXEC = Duration.ofMillis(5);

    /** How long a start takes at most, from exec on. */
    public static final Duration LONGEST = Duration.ofMillis(25);

    /** More than pid and name, which come before the state, have. */
    private static final int BEGINNING_OF_STAT = 64;

    private final int most;
    private final long atLeast;
    private final long atMost;
    private final LongPredicate computes;
    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Permit> held = new ArrayList<>();
    private final Deque<Condition> waiting = new ArrayDeque<>();

    /**
     * A gate.
     *
     * @param permits how many starts at once, at least 1
     * @param clock where it is set meanwhile, starts that are under way count as over
     * @throws IllegalArgumentException if there is to be no permit
     */
    public StartGate(int permits, InstantSource clock) {
        this(permits, clock, AFTER_EXEC, LONGEST, StartGate::computes);
    }

    /** @param computes whether the main process with this pid is running now, and not asleep */
    StartGate(int permits, InstantSource clock, Duration atLeast, Duration atMost, LongPredicate computes) {
        if (permits < 1) {
            throw new IllegalArgumentException("a gate needs a permit");
        }
        this.most = permits;
        this.atLeast = atLeast.toNanos();
        this.atMost = atMost.toNanos();
        this.computes = computes;
        this.clock = clock;
    }

    /**
     * Waits for its turn.
     *
     * @throws InterruptedException if the thread is interrupted; then nothing is held
     */
    public Permit enter() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            if (!waiting.isEmpty() || !isFree()) {
                await();
            }
            Permit permit = new Permit();
            held.add(permit);
            return permit;
        } finally {
            signalNext();
            lock.unlock();
        }
    }

    /** As {@link #enter}, whatever interrupts come meanwhile; they are kept for later. */
    public Permit enterUninterruptibly() {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    return enter();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void await() throws InterruptedException {
        Condition turn = lock.newCondition();
        waiting.addLast(turn);
        try {
            while (!turn.equals(waiting.peekFirst()) || !isFree()) {
                long next = turn.equals(waiting.peekFirst()) ? nextLook() : Long.MAX_VALUE;
                if (next == Long.MAX_VALUE) {
                    turn.await();
                } else {
                    turn.awaitNanos(Math.max(next, TimeUnit.MICROSECONDS.toNanos(100)));
                }
            }
        } finally {
            waiting.remove(turn);
        }
    }

    private void signalNext() {
        Condition next = waiting.peekFirst();
        if (next != null) {
            next.signal();
        }
    }

    private boolean isFree() {
        if (held.size() >= most) {
            long now = now();
            held.removeIf(permit -> permit.isOver(now));
        }
        return held.size() < most;
    }

    /** How long until a permit may be over, in nanoseconds; the largest value where none has executed. */
    private long nextLook() {
        long now = now();
        long next = Long.MAX_VALUE;
        for (Permit permit : held) {
            next = Math.min(next, permit.untilLook(now));
        }
        return next;
    }

    private long now() {
        Instant now = clock.instant();
        return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
    }

    static boolean computes(long pid) {
        byte[] bytes = new byte[BEGINNING_OF_STAT];
        int length;
        try (InputStream stat = Files.newInputStream(Path.of("/proc", Long.toString(pid), "stat"))) {
            length = stat.readNBytes(bytes, 0, bytes.length);
        } catch (IOException gone) {
            return false;
        }
        // The name may contain parentheses, what follows may not.
        for (int at = length - 3; at > 0; at--) {
            if (bytes[at] == ')') {
                return bytes[at + 2] == 'R' || bytes[at + 2] == 'D';
            }
        }
        return false;
    }

    /** One start. */
    public final class Permit implements AutoCloseable {
        private boolean executed;
        private long executedAt;
        private long lookAt;
        private long pid;

        private Permit() {}

        /**
         * The process is there: from now on its start may be over.
         *
         * @param pid of the main process; 0 where it is not known
         */
        public void executed(long pid) {
            lock.lock();
            try {
                executed = true;
                executedAt = now();
                lookAt = executedAt + atLeast;
                this.pid = pid;
                signalNext();
            } finally {
                lock.unlock();
            }
        }

        private boolean isOver(long now) {
            if (!executed || (now < lookAt && now >= executedAt)) {
                return false;
            }
            long since = now - executedAt;
            if (since >= atMost || since < 0 || pid == 0 || !computes.test(pid)) {
                return true;
            }
            lookAt = executedAt + atMost;
            return false;
        }

        private long untilLook(long now) {
            return executed ? lookAt - now : Long.MAX_VALUE;
        }

        /** Gives it back, if it was not yet over. */
        @Override
        public void close() {
            lock.lock();
            try {
                if (held.remove(this)) {
                    signalNext();
                }
            } finally {
                lock.unlock();
            }
        }
    }
}
