package dev.hufu.server.dispatch;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.fleet.AgentSession;
import dev.hufu.server.fleet.AgentSessions;
import dev.hufu.server.fleet.NodeListener;
import dev.hufu.server.fleet.Offers;
import dev.hufu.server.run.BetweenAttempts;
import dev.hufu.server.run.Tasks;
import dev.hufu.server.run.Wakeups;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.server.store.TaskRecord;
import dev.hufu.support.Service;
import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leases pending tasks to connected nodes with free slots and sends their orders: one loop on a virtual thread, woken when
 * there is work or a slot, and every second in any case. Ends at {@link #stop}; what is leased by then stays so, and the
 * agent's next greeting settles it.
 */
public final class Dispatcher implements Service, Wakeups, NodeListener, BetweenAttempts {
    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);
    private static final Duration TICK = Duration.ofSeconds(1);
    private static final int BATCH = 64;
    private static final int PAGE = 500;

    private final RunStore store;
    private final Tasks tasks;
    private final AgentSessions sessions;
    private final Timers timers;
    private final Expiry expiry;
    private final Backoffs backoffs;
    private final ConcurrentHashMap<String, Slots> slots = new ConcurrentHashMap<>();
    private final Semaphore signal = new Semaphore(0);
    private final AtomicBoolean signalled = new AtomicBoolean();
    private final AtomicBoolean tickDue = new AtomicBoolean(true);
    /** Held from a lease until its orders are sent: an order to stop goes after the order to start. */
    private final ReentrantLock sending = new ReentrantLock();

    private final Thread thread;
    private volatile boolean stopped;

    public Dispatcher(RunStore store, Tasks tasks, AgentSessions sessions, Timers timers) {
        this.store = store;
        this.tasks = tasks;
        this.sessions = sessions;
        this.timers = timers;
        expiry = new Expiry(store, tasks, timers);
        backoffs = new Backoffs(tasks, timers, this::wake);
        thread = Threads.virtual("dispatcher", this::loop);
        sessions.listen(this);
        tasks.listen(this);
    }

    @Override
    public void start() {
        if (stopped) {
            throw new IllegalStateException("stopped before");
        }
        thread.start();
        backoffs.start();
        wake();
    }

    @Override
    public void stop() {
        stopped = true;
        expiry.stop();
        backoffs.stop();
        wake();
        if (thread.getState() == Thread.State.NEW) {
            return;
        }
        try {
            thread.join();
        } catch (InterruptedException hurried) {
            // Whoever stops us may be in a hurry; the loop ends by itself.
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void workPending() {
        wake();
    }

    @Override
    public void stop(String node, AttemptId attempt, Duration grace) {
        Threads.virtual("stop-attempt", () -> {
                    sending.lock();
                    try {
                        sessions.send(node, new ServerMessage.StopAttempt(attempt, grace));
                    } finally {
                        sending.unlock();
                    }
                })
                .start();
    }

    @Override
    public void waits(Instant nextAttemptAt) {
        backoffs.waits(nextAttemptAt);
    }

    /** What its attempts share is kept at its node until somebody says that there will be no other. */
    @Override
    public void ended(TaskRecord task) {
        Threads.virtual("task-ended", () -> sessions.send(task.node(), new ServerMessage.TaskEnded(task.id())))
                .start();
    }

    @Override
    public void nodeReady(String node) {
        wake();
    }

    @Override
    public void accepted(String node, AttemptId attempt) {
        Slots known = slots.get(node);
        if (known != null) {
            known.accepted(attempt);
        }
    }

    @Override
    public void slotFreed(String node, AttemptId attempt) {
        Slots known = slots.get(node);
        if (known != null && known.free(attempt) && store.pendingTasks() > 0) {
            wake();
        }
    }

    /** How many attempts hold a slot. */
    public long active() {
        return slots.values().stream().mapToLong(Slots::size).sum();
    }

    private void wake() {
        if (signalled.compareAndSet(false, true)) {
            signal.release();
        }
    }

    private void loop() {
        while (true) {
            try {
                signal.acquire();
            } catch (InterruptedException ending) {
                Thread.currentThread().interrupt();
                return;
            }
            signalled.set(false);
            if (stopped) {
                return;
            }
            try {
                work();
            } catch (StoreUnavailableException unavailable) {
                // A full volume is told once, by the store: what else is logged may need room on it too.
                if (!stopped && !unavailable.full()) {
                    LOG.warn("The store cannot give work now; it is asked again", unavailable);
                }
            } catch (RuntimeException failed) {
                LOG.error("The dispatcher failed in one round", failed);
            }
        }
    }

    private void work() {
        boolean tick = tickDue.compareAndSet(true, false);
        if (tick) {
            timers.schedule(TICK, this::tick);
            expiry.begin();
        }
        for (String node : sessions.nodes()) {
            AgentSession session = sessions.session(node).orElse(null);
            if (session == null || session.capacity() == 0) {
                continue;
            }
            Slots taken = loaded(node);
            dispatch(session, taken);
            if (tick) {
                offerAgain(session, taken);
            }
        }
    }

    private void tick() {
        tickDue.set(true);
        wake();
    }

    private void dispatch(AgentSession session, Slots taken) {
        while (!stopped && store.pendingTasks() > 0) {
            int wanted = Math.min(BATCH, session.capacity() - taken.size());
            if (wanted <= 0) {
                return;
            }
            int leased = lease(session, taken, wanted);
            if (leased < wanted) {
                return;
            }
        }
    }

    private int lease(AgentSession session, Slots taken, int wanted) {
        sending.lock();
        try {
            List<RunStore.Decided> leased = tasks.lease(session.node(), wanted);
            long now = timers.nanoTime();
            for (RunStore.Decided each : leased) {
                TaskRecord task = each.tasks().getFirst();
                if (task.state() == TaskState.DISPATCHED) {
                    taken.take(task.currentAttempt(), now);
                    session.send(Offers.first(each.run(), task));
                }
            }
            return leased.size();
        } finally {
            sending.unlock();
        }
    }

    /** An order may be lost with a connection, or wait at an agent that says nothing; repeating it does no harm. */
    private void offerAgain(AgentSession session, Slots taken) {
        for (AttemptId attempt : taken.silent(timers.nanoTime())) {
            sending.lock();
            try {
                session.offerAgain(() -> Offers.again(store, attempt));
                store.run(attempt.task().run())
                        .filter(run -> run.progress().cancelRequestedAt() != null)
                        .ifPresent(run -> session.send(new ServerMessage.StopAttempt(
                                attempt, run.spec().killGrace())));
            } finally {
                sending.unlock();
            }
        }
    }

    private Slots loaded(String node) {
        Slots known = slots.computeIfAbsent(node, _ -> new Slots());
        if (known.loaded()) {
            return known;
        }
        Map<AttemptId, Boolean> accepted = new HashMap<>();
        TaskId after = null;
        List<TaskRecord> page;
        do {
            page = store.tasksOfNode(node, List.of(TaskState.DISPATCHED, TaskState.RUNNING), after, PAGE);
            for (TaskRecord task : page) {
                accepted.put(task.currentAttempt(), task.state() == TaskState.RUNNING);
                after = task.id();
            }
        } while (page.size() == PAGE);
        known.load(accepted, timers.nanoTime());
        return known;
    }
}
