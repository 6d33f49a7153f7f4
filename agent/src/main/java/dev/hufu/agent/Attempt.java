package dev.hufu.agent;

import dev.hufu.exec.RunningProcess;
import dev.hufu.exec.StopPolicy;
import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.ServerMessage.StartAttempt;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One attempt as the agent knows it: where it stands, what was asked of it, and what the server is still to be told. Its
 * runner's thread moves it on; other threads leave their wishes here. Kept by its own lock, never held during IO.
 */
final class Attempt {
    /** Where it stands. */
    enum Phase {
        /** A runner's thread is at it, and its process is not known to be started. */
        STARTING,
        /** Found in the journal, with proof that nothing was started; waits for the server's word, without a thread. */
        PARKED,
        /** Its process was started. */
        RUNNING,
        /** Its end is durable. */
        ENDED
    }

    /** A wait that a wish may cut short. */
    @FunctionalInterface
    interface Wait<T, X extends Exception> {
        T await() throws X, InterruptedException;
    }

    private static final Duration FIRST_REPEAT = Duration.ofSeconds(2);
    private static final Duration LAST_REPEAT = Duration.ofSeconds(60);

    private final AttemptId id;
    private final boolean recovered;
    private final List<Attempt> olderOnes;
    private final Runnable atEnd;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final CountDownLatch phaseKnown = new CountDownLatch(1);

    private final ReadPositions readPositions = new ReadPositions();
    private final LiveProcess live = new LiveProcess();

    private final ReentrantLock lock = new ReentrantLock();
    private Phase phase = Phase.STARTING;
    private boolean ordered;
    private @Nullable StartAttempt order;
    private @Nullable StopPolicy stop;
    private @Nullable StopPolicy seenStop;
    private @Nullable StopPolicy deliveredStop;
    private boolean letGo;
    private @Nullable Thread waiter;
    private boolean waiterHearsStop;
    private AgentMessage.@Nullable Started started;
    private boolean killPending;
    private @Nullable Outcome outcome;
    private boolean acknowledged;

    private boolean owesStarted;
    private boolean owesKillPending;
    private boolean owesEnded;
    private Duration repeat = FIRST_REPEAT;
    private Timers.@Nullable Scheduled repetition;

    /**
     * @param recovered whether the journal knew it before this agent: a former one may have launched it
     * @param olderOnes attempts of the same task that may not have ended yet
     * @param atEnd called once, when its end is durable and before anyone is told
     */
    Attempt(AttemptId id, boolean recovered, List<Attempt> olderOnes, Runnable atEnd) {
        this.id = id;
        this.recovered = recovered;
        this.olderOnes = List.copyOf(olderOnes);
        this.atEnd = atEnd;
    }

    AttemptId id() {
        return id;
    }

    boolean recovered() {
        return recovered;
    }

    ReadPositions readPositions() {
        return readPositions;
    }

    LiveProcess live() {
        return live;
    }

    List<Attempt> olderOnes() {
        return olderOnes;
    }

    /** Returns when its end is durable. */
    void awaitEnd() throws InterruptedException {
        ended.await();
    }

    /** Returns when what a former agent left of it was looked at once. */
    void awaitPhase() throws InterruptedException {
        phaseKnown.await();
    }

    /** What a former agent left of it was looked at. */
    void lookedAt() {
        phaseKnown.countDown();
    }

    boolean hasEnded() {
        return ended.getCount() == 0;
    }

    AgentMessage.Known known() {
        lock.lock();
        try {
            return new AgentMessage.Known(
                    id,
                    switch (phase) {
                        case STARTING, PARKED -> AgentMessage.Known.Phase.STARTING;
                        case RUNNING -> AgentMessage.Known.Phase.RUNNING;
                        case ENDED -> AgentMessage.Known.Phase.ENDED;
                    });
        } finally {
            lock.unlock();
        }
    }

    /* ---- wishes, from any thread ---- */

    /**
     * The server wants it started; the first such order counts.
     *
     * @return whether it was parked, and now needs a thread
     */
    boolean offer(StartAttempt offered) {
        lock.lock();
        try {
            if (!ordered) {
                ordered = true;
                order = offered;
            }
            return wake();
        } finally {
            lock.unlock();
        }
    }

    /**
     * The server wants it stopped, or never started. Of several requests the shortest grace counts.
     *
     * @return whether it was parked, and now needs a thread
     */
    boolean requestStop(Duration grace) {
        lock.lock();
        try {
            if (stop == null || grace.compareTo(stop.grace()) < 0) {
                stop = StopPolicy.requested(grace);
                if (waiterHearsStop) {
                    cutWait();
                }
            }
            return wake();
        } finally {
            lock.unlock();
        }
    }

    /** The agent stops, and the attempt goes on without it. */
    void letGo() {
        lock.lock();
        try {
            letGo = true;
            cutWait();
        } finally {
            lock.unlock();
        }
    }

    private boolean wake() {
        if (phase != Phase.PARKED) {
            return false;
        }
        phase = Phase.STARTING;
        return true;
    }

    private void cutWait() {
        if (waiter != null) {
            waiter.interrupt();
        }
    }

    /* ---- the runner's thread ---- */

    /** Waits, unless and until the attempt is to be let go of, or stopped, if that was not passed on yet. */
    <T, X extends Exception> T awaitUnlessStopped(Wait<T, X> wait) throws X, InterruptedException {
        return await(wait, true);
    }

    /** Waits, unless and until the attempt is to be let go of. */
    <T, X extends Exception> T awaitUnlessLetGo(Wait<T, X> wait) throws X, InterruptedException {
        return await(wait, false);
    }

    private <T, X extends Exception> T await(Wait<T, X> wait, boolean hearsStop) throws X, InterruptedException {
        lock.lock();
        try {
            if (letGo || (hearsStop && !Objects.equals(stop, seenStop))) {
                throw new InterruptedException("not waited");
            }
            waiter = Thread.currentThread();
            waiterHearsStop = hearsStop;
        } finally {
            lock.unlock();
        }
        try {
            return wait.await();
        } finally {
            endWait();
        }
    }

    private void endWait() {
        lock.lock();
        try {
            waiter = null;
            waiterHearsStop = false;
            // Interrupts are sent under the lock and to a waiter only: none comes after this, and one that came too
            // late for the wait must not hit what follows.
            boolean _ = Thread.interrupted();
        } finally {
            lock.unlock();
        }
    }

    /** @throws InterruptedException if the agent stops */
    void checkLetGo() throws InterruptedException {
        lock.lock();
        try {
            if (letGo) {
                throw new InterruptedException("let go");
            }
        } finally {
            lock.unlock();
        }
    }

    boolean stopRequested() {
        lock.lock();
        try {
            return stop != null;
        } finally {
            lock.unlock();
        }
    }

    /** What it is to execute; empty where nobody said so yet, and after {@link #dropOrder}. */
    Optional<StartAttempt> order() {
        lock.lock();
        try {
            return Optional.ofNullable(order);
        } finally {
            lock.unlock();
        }
    }

    /** Lets go of the order, whose input may be large. */
    void dropOrder() {
        lock.lock();
        try {
            order = null;
        } finally {
            lock.unlock();
        }
    }

    /** Nothing was started, and nobody wants anything yet: true where the thread may go. */
    boolean park() {
        lock.lock();
        try {
            if (order != null || stop != null) {
                return false;
            }
            phase = Phase.PARKED;
        } finally {
            lock.unlock();
        }
        phaseKnown.countDown();
        return true;
    }

    /** Passes on a stop request that the process was not yet told. */
    void deliverStop(RunningProcess process) throws IOException {
        StopPolicy wanted;
        lock.lock();
        try {
            wanted = stop;
            if (wanted == null || wanted.equals(deliveredStop)) {
                return;
            }
            seenStop = wanted;
        } finally {
            lock.unlock();
        }
        process.stop(wanted);
        lock.lock();
        try {
            deliveredStop = wanted;
        } finally {
            lock.unlock();
        }
    }

    /** @return whether the server is to be told, that is, at the first call */
    boolean running(Instant at, long pid) {
        lock.lock();
        try {
            if (started != null) {
                return false;
            }
            phase = Phase.RUNNING;
            started = new AgentMessage.Started(id, at, pid);
            owesStarted = true;
        } finally {
            lock.unlock();
        }
        phaseKnown.countDown();
        return true;
    }

    /** @return whether the server is to be told, that is, at a change */
    boolean killPending(boolean pending) {
        lock.lock();
        try {
            if (killPending == pending) {
                return false;
            }
            killPending = pending;
            owesKillPending = true;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Its end is durable. */
    void end(Outcome how) {
        lock.lock();
        try {
            phase = Phase.ENDED;
            outcome = how;
            order = null;
            owesKillPending = false;
            owesEnded = true;
        } finally {
            lock.unlock();
        }
        atEnd.run();
        ended.countDown();
        phaseKnown.countDown();
    }

    /* ---- what the server is to be told; the outbox's thread takes it ---- */

    /** The server is to be told again how it stands. */
    void oweWhereItStands() {
        lock.lock();
        try {
            owesEnded = outcome != null;
            owesStarted |= outcome == null && started != null;
            owesKillPending |= outcome == null && killPending;
        } finally {
            lock.unlock();
        }
    }

    /**
     * What the server is to be told, in order; the end is due again after a while, until it is acknowledged.
     *
     * @param again calls this again
     */
    List<AgentMessage> takeOwed(Timers timers, Runnable again) {
        lock.lock();
        try {
            List<AgentMessage> owed = new ArrayList<>(3);
            if (acknowledged) {
                return owed;
            }
            if (owesStarted && started != null) {
                owed.add(started);
            }
            if (owesKillPending) {
                owed.add(new AgentMessage.KillPending(id, killPending));
            }
            if (owesEnded && outcome != null) {
                owed.add(new AgentMessage.Ended(id, outcome));
                repeatLater(timers, again);
            }
            owesStarted = false;
            owesKillPending = false;
            owesEnded = false;
            return owed;
        } finally {
            lock.unlock();
        }
    }

    private void repeatLater(Timers timers, Runnable again) {
        if (repetition != null) {
            repetition.cancel();
        }
        repetition = timers.schedule(repeat, () -> {
            oweWhereItStands();
            again.run();
        });
        Duration doubled = repeat.multipliedBy(2);
        repeat = doubled.compareTo(LAST_REPEAT) < 0 ? doubled : LAST_REPEAT;
    }

    /** @return whether it had ended and this is the first acknowledgement: it can be forgotten */
    boolean acknowledge() {
        lock.lock();
        try {
            if (outcome == null || acknowledged) {
                return false;
            }
            acknowledged = true;
            cancelRepetition();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Nothing is to be told any more: the agent stops. */
    void silence() {
        lock.lock();
        try {
            cancelRepetition();
        } finally {
            lock.unlock();
        }
    }

    private void cancelRepetition() {
        if (repetition != null) {
            repetition.cancel();
            repetition = null;
        }
    }
}
