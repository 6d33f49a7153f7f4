package dev.hufu.server.fleet;

import dev.hufu.protocol.AgentMessage.Known;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.run.TaskEvent;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.server.store.TaskRecord;
import dev.hufu.support.Timers;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a newly connected agent and the store agree: what the agent never accepted is offered again, what it lost is lost,
 * and what should stop is stopped. Runs on a thread of its caller, before the node is given anything new.
 */
final class Reconciliation {
    private static final Logger LOG = LoggerFactory.getLogger(Reconciliation.class);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final int PAGE = 500;
    private static final List<TaskState> AT_THE_AGENT = List.of(TaskState.DISPATCHED, TaskState.RUNNING);

    /** Applies an event to an attempt's task. */
    @FunctionalInterface
    interface Application {
        Optional<RunStore.Decided> apply(String node, AttemptId attempt, TaskEvent event);
    }

    private final RunStore store;
    private final Application application;
    private final Timers timers;

    Reconciliation(RunStore store, Application application, Timers timers) {
        this.store = store;
        this.application = application;
        this.timers = timers;
    }

    /** Answers whether it is done; false where the session ended before. */
    boolean run(AgentSession session, List<Known> known) {
        Map<AttemptId, Known.Phase> phases = LinkedHashMap.newLinkedHashMap(known.size());
        known.forEach(each -> phases.put(each.attempt(), each.phase()));
        while (session.open()) {
            try {
                Map<AttemptId, Known.Phase> others = new LinkedHashMap<>(phases);
                compare(session, phases, others);
                stopCancelled(session, others);
                return session.open();
            } catch (StoreUnavailableException unavailable) {
                LOG.warn("Node {} waits for the store", session.node(), unavailable);
            }
            try {
                timers.sleep(RETRY);
            } catch (InterruptedException ending) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return false;
    }

    private void compare(AgentSession session, Map<AttemptId, Known.Phase> phases, Map<AttemptId, Known.Phase> others) {
        TaskId after = null;
        List<TaskRecord> page;
        do {
            page = store.tasksOfNode(session.node(), AT_THE_AGENT, after, PAGE);
            for (TaskRecord task : page) {
                AttemptId attempt = task.currentAttempt();
                others.remove(attempt);
                Known.Phase phase = phases.get(attempt);
                if (phase == null) {
                    unknown(session, task);
                } else {
                    known(session, task, phase);
                }
                after = task.id();
            }
        } while (page.size() == PAGE && session.open());
    }

    /** It accepted nothing of this; and if it was running, the agent has lost its record of it. */
    private void unknown(AgentSession session, TaskRecord task) {
        int number = task.progress().attempt();
        TaskEvent event = task.state() == TaskState.DISPATCHED
                ? new TaskEvent.NotAccepted(number, timers.now())
                : new TaskEvent.OutcomeUnknown(number, Reason.NODE_LOST, timers.now());
        application.apply(session.node(), task.currentAttempt(), event);
    }

    private void known(AgentSession session, TaskRecord task, Known.Phase phase) {
        Optional<RunRecord> run = store.run(task.id().run());
        if (run.isEmpty()) {
            return;
        }
        if (phase == Known.Phase.STARTING) {
            session.offerAgain(() -> Offers.again(store, task.currentAttempt()));
        }
        if (phase != Known.Phase.ENDED) {
            stopWhereCancelled(session, task.currentAttempt(), run.get());
        }
    }

    /** What the store has given up, and the agent has not: it too stops when its run was cancelled. */
    private void stopCancelled(AgentSession session, Map<AttemptId, Known.Phase> others) {
        for (Map.Entry<AttemptId, Known.Phase> other : others.entrySet()) {
            RunId run = other.getKey().task().run();
            if (other.getValue() != Known.Phase.ENDED) {
                store.run(run).ifPresent(record -> stopWhereCancelled(session, other.getKey(), record));
            }
        }
    }

    private static void stopWhereCancelled(AgentSession session, AttemptId attempt, RunRecord run) {
        if (run.progress().cancelRequestedAt() != null) {
            session.send(new ServerMessage.StopAttempt(attempt, run.spec().killGrace()));
        }
    }
}
