package dev.hufu.server.fleet;

import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.ProcessList;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.SignalName;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.audit.AuditAction;
import dev.hufu.server.run.Refusal;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.Change;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.TaskRecord;
import dev.hufu.support.Timers;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;

/**
 * What can be done with a task only while it runs: look at its processes, send them a signal. Everything is asked of its
 * node's agent anew; thread-safe.
 */
public final class LiveTasks {
    private final AgentSessions sessions;
    private final RunStore store;
    private final Timers timers;

    public LiveTasks(AgentSessions sessions, RunStore store, Timers timers) {
        this.sessions = sessions;
        this.store = store;
        this.timers = timers;
    }

    /**
     * The processes of a task, as they are now or were a second ago.
     *
     * @return empty where there is no such task
     * @throws Refusal with {@link ErrorKind#CONFLICT} where it does not run
     */
    public Optional<ProcessList> processes(TaskId id) throws InterruptedException {
        Optional<TaskRecord> task = store.task(id);
        if (task.isEmpty()) {
            return Optional.empty();
        }
        AttemptId attempt = running(task.get());
        AgentMessage answer = ask(task.get().node(), number -> new ServerMessage.ListProcesses(attempt, number));
        if (answer instanceof AgentMessage.ProcessesListed listed) {
            return Optional.of(listed.list());
        }
        throw unexpected(answer);
    }

    /**
     * Sends a signal, which is in the audit log before it is sent.
     *
     * @param wholeTree to every process of the task, or to the main one only
     * @return the task; empty where there is none
     * @throws Refusal with {@link ErrorKind#CONFLICT} where it does not run
     */
    public Optional<TaskRecord> signal(TaskId id, SignalName signal, boolean wholeTree, String actor)
            throws InterruptedException {
        Optional<RunStore.Decided> recorded =
                store.changeTask(id, (run, task) -> record(run, task, signal, wholeTree, actor));
        if (recorded.isEmpty()) {
            return Optional.empty();
        }
        TaskRecord task = recorded.get().tasks().getFirst();
        AttemptId attempt = running(task);
        AgentMessage answer =
                ask(task.node(), number -> new ServerMessage.SendSignal(attempt, number, signal.word(), wholeTree));
        if (answer instanceof AgentMessage.SignalSent) {
            return Optional.of(task);
        }
        throw unexpected(answer);
    }

    private Optional<Change> record(
            RunRecord run, TaskRecord task, SignalName signal, boolean wholeTree, String actor) {
        if (task.state() != TaskState.RUNNING) {
            return Optional.empty();
        }
        Map<String, String> detail = Map.of(
                "signal", signal.word(),
                "wholeTree", Boolean.toString(wholeTree),
                "attempt", Integer.toString(task.progress().attempt()));
        AuditEvent event = AuditEvent.of(
                timers.now(),
                actor,
                AuditAction.TASK_SIGNAL_REQUESTED,
                task.id().toString(),
                detail);
        return Optional.of(new Change(run.progress(), List.of(), List.of(event)));
    }

    private AgentMessage ask(String node, LongFunction<ServerMessage> message) throws InterruptedException {
        AgentMessage answer = sessions.calls().call(sessions.session(node), message);
        if (answer instanceof AgentMessage.NotDone notDone) {
            throw switch (notDone.why()) {
                case NOT_RUNNING ->
                    new Refusal(ErrorKind.CONFLICT, "The task has no process now: it ends or has ended.");
                case UNREACHABLE ->
                    new Refusal(ErrorKind.UNAVAILABLE, "The supervisor of the task's process cannot be reached now.");
            };
        }
        return answer;
    }

    private static AttemptId running(TaskRecord task) {
        if (task.state() != TaskState.RUNNING) {
            throw new Refusal(ErrorKind.CONFLICT, "The task does not run: " + task.state() + ".");
        }
        return task.currentAttempt();
    }

    private static IllegalStateException unexpected(AgentMessage answer) {
        return new IllegalStateException(
                "an agent answered a call with " + answer.getClass().getSimpleName());
    }
}
