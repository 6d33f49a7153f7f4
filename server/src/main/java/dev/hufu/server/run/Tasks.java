package dev.hufu.server.run;

import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.audit.AuditAction;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.Change;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.TaskRecord;
import dev.hufu.support.Timers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Applies events to tasks: the transition decides, the store compares and sets, and whoever waits is woken. Stateless;
 * every state change of a task goes through here.
 */
public final class Tasks {
    private final RunStore store;
    private final RunWaits waits;
    private final Timers timers;
    private final LifecycleListener listener;
    private final DoubleSupplier draws;
    private final SteadyTime steady;
    private volatile BetweenAttempts between = BetweenAttempts.NOBODY;

    public Tasks(RunStore store, RunWaits waits, Timers timers) {
        this(
                store,
                waits,
                timers,
                LifecycleListener.NONE,
                () -> ThreadLocalRandom.current().nextDouble());
    }

    /** @param draws from 0 up to, and without, 1: which part of the longest wait a task waits before its next attempt */
    public Tasks(RunStore store, RunWaits waits, Timers timers, LifecycleListener listener, DoubleSupplier draws) {
        this.store = store;
        this.waits = waits;
        this.timers = timers;
        this.listener = listener;
        this.draws = draws;
        steady = new SteadyTime(timers);
    }

    /** Sets who hears of tasks between attempts; before anything happens to them. */
    public void listen(BetweenAttempts hearer) {
        between = hearer;
    }

    /** Tasks whose wait for their next attempt is over, the first first. */
    public List<TaskId> dueRetries(int limit) {
        return store.dueRetries(steady.now(), limit);
    }

    /** How long until there is one of {@link #dueRetries}; empty where no task waits. */
    public Optional<Duration> untilNextRetry() {
        return store.nextRetry().map(this::until);
    }

    /** How long until a stored time of a next attempt, whatever was done to the clock meanwhile. */
    public Duration until(Instant nextAttemptAt) {
        return Duration.between(steady.now(), nextAttemptAt);
    }

    /** The wait of a task for its next attempt is over: it waits for a slot. */
    public void resume(TaskId task) {
        Instant now = timers.now();
        apply(task, record -> new TaskEvent.BackoffOver(record.progress().attempt(), now), "server");
    }

    /**
     * Applies an event; it changes nothing where the task does not wait for it.
     *
     * @param actor for the audit log
     * @return the run and its task afterwards; empty where there is no such task
     */
    public Optional<RunStore.Decided> apply(TaskId task, TaskEvent event, String actor) {
        return apply(task, _ -> event, actor);
    }

    private Optional<RunStore.Decided> apply(TaskId task, Function<TaskRecord, TaskEvent> event, String actor) {
        Map<TaskId, TaskState> before = new ConcurrentHashMap<>();
        // Drawn once, as the store may ask for the decision again.
        Draw draw = draw();
        Optional<RunStore.Decided> decided = store.changeTask(task, (run, now) -> {
            before.put(now.id(), now.state());
            return change(run, now, draw, event.apply(now), actor);
        });
        decided.filter(RunStore.Decided::changed).ifPresent(each -> changed(each, before));
        return decided;
    }

    /** Leases up to {@code limit} pending tasks of a node to an attempt each. */
    public List<RunStore.Decided> lease(String node, int limit) {
        Instant now = timers.now();
        TaskEvent event = new TaskEvent.Leased(now);
        Draw draw = draw();
        List<RunStore.Decided> leased =
                store.claim(node, limit, now, (run, task) -> change(run, task, draw, event, "server"));
        leased.forEach(each -> changed(each, Map.of(each.tasks().getFirst().id(), TaskState.PENDING)));
        return leased;
    }

    /** As {@link #requestCancel(RunId, String, Duration)}, with the run's own grace. */
    public Optional<RunStore.Decided> requestCancel(RunId run, String actor) {
        return requestCancel(run, actor, null);
    }

    /**
     * Asks for a run to be cancelled: ends what was not dispatched, and answers what agents must stop. Asked again with less
     * than the run's own grace it is on record again, and nothing else changes.
     *
     * @param killGrace instead of the run's own; null for that
     */
    public Optional<RunStore.Decided> requestCancel(RunId run, String actor, @Nullable Duration killGrace) {
        Instant now = timers.now();
        Map<TaskId, TaskState> before = new ConcurrentHashMap<>();
        Optional<RunStore.Decided> decided = store.changeRun(run, (record, open) -> {
            open.forEach(task -> before.put(task.id(), task.state()));
            return cancellation(record, open, killGrace, new AuditedBy(now, actor));
        });
        decided.filter(RunStore.Decided::changed).ifPresent(each -> changed(each, before));
        return decided;
    }

    /** Tells of a committed change; {@code before} has the states its tasks came from. */
    private void changed(RunStore.Decided decided, Map<TaskId, TaskState> before) {
        waits.changed(decided.run());
        for (TaskRecord task : decided.tasks()) {
            TaskState from = before.get(task.id());
            if (from != null && from != task.state()) {
                listener.changed(from, task);
                tellBetween(from, task);
            }
        }
        if (decided.run().progress().state().terminal()) {
            listener.ended(decided.run());
        }
    }

    private void tellBetween(TaskState from, TaskRecord task) {
        Instant next = task.progress().nextAttemptAt();
        if (next != null) {
            between.waits(next);
        } else if (task.state().terminal()
                && !task.attempts().isEmpty()
                && (from == TaskState.RETRYING || from == TaskState.PENDING)) {
            between.ended(task);
        }
    }

    /**
     * A part of the longest wait, and when a wait begins that is decided on now.
     *
     * @param part from 0 up to, and without, 1
     */
    private record Draw(double part, Instant from) {}

    private Draw draw() {
        return new Draw(draws.getAsDouble(), steady.now());
    }

    private record AuditedBy(Instant at, String actor) {
        AuditEvent event(AuditAction action, RunRecord run, @Nullable Duration killGrace) {
            Map<String, String> detail =
                    killGrace == null ? Map.of() : Map.of("killGraceMs", Long.toString(killGrace.toMillis()));
            return AuditEvent.of(at, actor, action, run.id().value(), detail);
        }
    }

    private static Optional<Change> cancellation(
            RunRecord run, List<TaskRecord> open, @Nullable Duration killGrace, AuditedBy by) {
        RunRecord.Progress progress = run.progress();
        if (progress.state().terminal()) {
            return Optional.empty();
        }
        if (progress.cancelRequestedAt() != null) {
            boolean shorter =
                    killGrace != null && killGrace.compareTo(run.spec().killGrace()) < 0;
            return shorter
                    ? Optional.of(new Change(
                            progress, List.of(), List.of(by.event(AuditAction.RUN_CANCEL_HASTENED, run, killGrace))))
                    : Optional.empty();
        }
        Instant now = by.at();
        progress = new RunRecord.Progress(
                progress.state(), progress.startedAt(), progress.finishedAt(), now, progress.counts());
        List<Change.TaskUpdate> updates = new ArrayList<>();
        List<AuditEvent> audit = new ArrayList<>();
        audit.add(by.event(AuditAction.RUN_CANCEL_REQUESTED, run, killGrace));
        TaskEvent event = new TaskEvent.CancelRequested(now);
        for (TaskRecord task : open) {
            Optional<Transitions.Next> next =
                    Transitions.next(task, new Transitions.Circumstances(true, null, 0, now), event);
            if (next.isEmpty()) {
                continue;
            }
            TaskRecord.Progress to = next.get().progress();
            updates.add(new Change.TaskUpdate(task.id(), to, next.get().attempt()));
            progress = RunProgress.after(progress, task.state(), to.state(), now);
            audit.add(stateChange(task, to, by.actor(), now));
        }
        return Optional.of(new Change(progress, updates, audit));
    }

    private static Optional<Change> change(RunRecord run, TaskRecord task, Draw draw, TaskEvent event, String actor) {
        Transitions.Circumstances circumstances = new Transitions.Circumstances(
                run.progress().cancelRequestedAt() != null, run.spec().retry(), draw.part(), draw.from());
        return Transitions.next(task, circumstances, event).map(next -> {
            TaskRecord.Progress to = next.progress();
            return new Change(
                    RunProgress.after(run.progress(), task.state(), to.state(), event.at()),
                    List.of(new Change.TaskUpdate(task.id(), to, next.attempt())),
                    List.of(stateChange(task, to, actor, event.at())));
        });
    }

    private static AuditEvent stateChange(TaskRecord task, TaskRecord.Progress to, String actor, Instant at) {
        Map<String, String> detail = new LinkedHashMap<>();
        detail.put("from", task.state().name());
        detail.put("to", to.state().name());
        detail.put("attempt", Integer.toString(to.attempt()));
        if (to.reason() != null) {
            detail.put("reason", to.reason().word());
        }
        AuditAction action = task.state() == TaskState.LOST ? AuditAction.TASK_MENDED : AuditAction.TASK_CHANGED;
        return AuditEvent.of(at, actor, action, task.id().toString(), detail);
    }
}
