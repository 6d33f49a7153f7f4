package dev.hufu.server.fleet;

import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.protocol.codec.RecordCodec;
import dev.hufu.server.run.TaskEvent;
import dev.hufu.server.run.Tasks;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.server.store.TaskRecord;
import dev.hufu.support.Service;
import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions of all connected agents. Each message is handled on a virtual thread of its own, in any order: every one is
 * idempotent by attempt. An end is acknowledged only once it is durable. After {@link #stop} nothing is handled any more;
 * agents send it again to the next server.
 */
public final class AgentSessions implements Service {
    private static final Logger LOG = LoggerFactory.getLogger(AgentSessions.class);
    private static final Duration FIRST_RETRY = Duration.ofMillis(100);
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(5);
    private static final int MAXIMUM_FACTS = 64;
    private static final int LONGEST_FACT = 1_024;

    private final Reconciliation reconciliation;
    private final AgentCalls calls = new AgentCalls();
    private final RunStore store;
    private final Tasks tasks;
    private final Timers timers;
    private final ConcurrentHashMap<String, AgentSession> sessions = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, AgentSession> greeted = new ConcurrentHashMap<>();
    private final List<NodeListener> listeners = new CopyOnWriteArrayList<>();
    private final Set<Thread> workers = ConcurrentHashMap.newKeySet();
    private volatile boolean stopped;

    public AgentSessions(RunStore store, Tasks tasks, Timers timers) {
        this.store = store;
        this.tasks = tasks;
        this.timers = timers;
        reconciliation = new Reconciliation(store, this::apply, timers);
    }

    /** Adds one that hears of changes; before {@link #start}. */
    public void listen(NodeListener listener) {
        listeners.add(listener);
    }

    @Override
    public void start() {
        if (stopped) {
            throw new IllegalStateException("stopped before");
        }
    }

    @Override
    public void stop() {
        stopped = true;
        sessions.values().forEach(this::disconnected);
        workers.forEach(Thread::interrupt);
        for (Thread worker : workers) {
            try {
                worker.join();
            } catch (InterruptedException hurried) {
                // Whoever stops us may be in a hurry; what is left ends by itself.
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void inBackground(String name, Runnable action) {
        Thread worker = Threads.virtual(name, () -> {
            try {
                action.run();
            } finally {
                workers.remove(Thread.currentThread());
            }
        });
        workers.add(worker);
        worker.start();
    }

    /**
     * An agent connected; a session that its node still has is over.
     *
     * @param send sends encoded server messages; may wait, and drops them once the connection is gone
     */
    public AgentSession connected(String node, Consumer<byte[]> send) {
        AgentSession session = new AgentSession(node, send, this, timers.now());
        AgentSession before = sessions.put(node, session);
        if (before != null) {
            before.close();
            calls.lost(before);
        }
        if (stopped) {
            disconnected(session);
        }
        return session;
    }

    /** The node's session, if it is connected; what is sent through it reaches that connection or none. */
    public Optional<AgentSession> session(String node) {
        return Optional.ofNullable(sessions.get(node));
    }

    /** Sends to a node, where it is connected. */
    public void send(String node, ServerMessage message) {
        session(node).ifPresent(session -> session.send(message));
    }

    /** Calls to those agents. */
    AgentCalls calls() {
        return calls;
    }

    /** The names of the nodes that are connected. */
    public List<String> nodes() {
        return List.copyOf(sessions.keySet());
    }

    /** The last session of each node in which its agent greeted, whether it is open or over. */
    Map<String, AgentSession> greeted() {
        return greeted;
    }

    void disconnected(AgentSession session) {
        session.close();
        sessions.remove(session.node(), session);
        calls.lost(session);
    }

    void received(AgentSession session, byte[] message) {
        AgentMessage decoded;
        try {
            decoded = RecordCodec.cbor().decode(message, AgentMessage.class);
        } catch (IllegalArgumentException malformed) {
            LOG.warn("Node {} sent a malformed message; its session is closed", session.node(), malformed);
            disconnected(session);
            return;
        }
        session.seen(timers.now());
        try {
            session.inWork().acquire();
        } catch (InterruptedException ending) {
            // The link is being closed: the agent sends it again.
            Thread.currentThread().interrupt();
            return;
        }
        inBackground("agent-message", () -> {
            try {
                handle(session, decoded);
            } finally {
                session.inWork().release();
            }
        });
    }

    /** Until the store took it: an agent is told nothing that is not durable. */
    private void handle(AgentSession session, AgentMessage message) {
        Duration wait = FIRST_RETRY;
        while (session.open() && !stopped) {
            try {
                if (take(session, message)) {
                    return;
                }
                LOG.info("Node {} is ahead of the store with {}", session.node(), message);
            } catch (StoreUnavailableException unavailable) {
                LOG.warn(
                        "The store could not take what node {} reports; it is tried again",
                        session.node(),
                        unavailable);
            } catch (RuntimeException failed) {
                LOG.error("What node {} reports cannot be handled: {}", session.node(), message, failed);
                return;
            }
            try {
                timers.sleep(wait);
            } catch (InterruptedException ending) {
                Thread.currentThread().interrupt();
                return;
            }
            wait = wait.multipliedBy(2).compareTo(LONGEST_RETRY) < 0 ? wait.multipliedBy(2) : LONGEST_RETRY;
        }
    }

    /** Answers whether the message is done with; else it must be taken again later. */
    private boolean take(AgentSession session, AgentMessage message) {
        return switch (message) {
            case AgentMessage.Hello hello -> {
                greet(session, hello);
                yield true;
            }
            case AgentMessage.Keeps keeps -> {
                keeps.tasks().forEach(task -> tidy(session, task));
                yield true;
            }
            case AgentMessage.Started started ->
                settled(
                        started.attempt(),
                        apply(
                                session.node(),
                                started.attempt(),
                                new TaskEvent.Started(started.attempt().number(), started.at(), timers.now())));
            case AgentMessage.KillPending pending -> {
                apply(
                        session.node(),
                        pending.attempt(),
                        new TaskEvent.KillPending(pending.attempt().number(), pending.pending(), timers.now()));
                yield true;
            }
            case AgentMessage.Ended ended -> end(session, ended);
            case AgentMessage.ProcessesListed answer -> answered(session, answer.call(), answer);
            case AgentMessage.SignalSent answer -> answered(session, answer.call(), answer);
            case AgentMessage.NotDone answer -> answered(session, answer.call(), answer);
        };
    }

    /** What was kept for attempts to come is not needed where none will. */
    private void tidy(AgentSession session, TaskId id) {
        boolean goesOn = store.task(id)
                .filter(task ->
                        task.node().equals(session.node()) && !task.state().terminal())
                .isPresent();
        if (!goesOn) {
            session.send(new ServerMessage.TaskEnded(id));
        }
    }

    private boolean answered(AgentSession session, long call, AgentMessage answer) {
        calls.answered(session, call, answer);
        return true;
    }

    private void greet(AgentSession session, AgentMessage.Hello hello) {
        if (!hello.node().equals(session.node()) || session.greeted()) {
            LOG.warn("Node {} greeted as {} or twice; its session is closed", session.node(), hello.node());
            disconnected(session);
            return;
        }
        if (hello.capacity() < 1) {
            LOG.warn("Node {} says it can run {} attempts; its session is closed", session.node(), hello.capacity());
            disconnected(session);
            return;
        }
        if (tooMuch(hello.facts())) {
            LOG.warn("Node {} says too much of itself; its session is closed", session.node());
            disconnected(session);
            return;
        }
        session.greeted(new AgentSession.Greeting(hello.version(), hello.capacity(), hello.facts()));
        greeted.put(session.node(), session);
        inBackground("agent-reconciliation", () -> reconcile(session, hello));
    }

    private static boolean tooMuch(Map<String, String> facts) {
        return facts.size() > MAXIMUM_FACTS
                || facts.entrySet().stream()
                        .anyMatch(fact -> fact.getKey().length() > LONGEST_FACT
                                || fact.getValue().length() > LONGEST_FACT);
    }

    private void reconcile(AgentSession session, AgentMessage.Hello hello) {
        if (reconciliation.run(session, hello.known())) {
            session.ready();
            LOG.info(
                    "Node {} is ready: version {}, {} slots, {} attempts known",
                    session.node(),
                    hello.version(),
                    hello.capacity(),
                    hello.known().size());
            listeners.forEach(listener -> listener.nodeReady(session.node()));
        }
    }

    private boolean end(AgentSession session, AgentMessage.Ended ended) {
        AttemptId attempt = ended.attempt();
        Optional<RunStore.Decided> decided =
                apply(session.node(), attempt, new TaskEvent.Ended(attempt.number(), ended.outcome(), timers.now()));
        if (!settled(attempt, decided)) {
            return false;
        }
        if (decided.isEmpty()) {
            LOG.warn("Node {} reports the end of {}, which the store does not know", session.node(), attempt);
        }
        boolean taskEnded = decided.stream()
                .flatMap(each -> each.tasks().stream())
                .filter(task -> task.id().equals(attempt.task()))
                .allMatch(task -> task.state().terminal());
        session.acknowledge(attempt, taskEnded);
        return true;
    }

    /**
     * Whether a report will change nothing any more. One of an attempt that waits to be leased again must not be forgotten:
     * the attempt runs, or ran, and the report counts once it is leased.
     */
    private static boolean settled(AttemptId attempt, Optional<RunStore.Decided> decided) {
        return decided.isEmpty()
                || decided.get().changed()
                || decided.get().tasks().stream()
                        .noneMatch(task -> task.id().equals(attempt.task())
                                && task.progress().attempt() == attempt.number()
                                && task.state() == TaskState.PENDING
                                && task.currentAttemptRecord() != null);
    }

    /** Applies an event, and tells the listeners what it means for the node's slots. */
    private Optional<RunStore.Decided> apply(String node, AttemptId attempt, TaskEvent event) {
        Optional<RunStore.Decided> decided = tasks.apply(attempt.task(), event, "node:" + node);
        decided.ifPresent(each -> each.tasks().stream()
                .filter(task -> task.id().equals(attempt.task()))
                .forEach(task -> told(node, attempt, task)));
        return decided;
    }

    private void told(String node, AttemptId attempt, TaskRecord task) {
        boolean current = task.progress().attempt() == attempt.number();
        boolean holdsSlot = current && (task.state() == TaskState.DISPATCHED || task.state() == TaskState.RUNNING);
        for (NodeListener listener : listeners) {
            if (holdsSlot) {
                listener.accepted(node, attempt);
            } else {
                listener.slotFreed(node, attempt);
            }
        }
    }
}
