package dev.hufu.server.http;

import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.store.AttemptRecord;
import dev.hufu.server.store.AuditEntry;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.Change;
import dev.hufu.server.store.NewRun;
import dev.hufu.server.store.RunEvent;
import dev.hufu.server.store.RunFilter;
import dev.hufu.server.store.RunPage;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.server.store.TaskRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A store in memory, with a switch that makes it unreachable. Guarded by its own lock. */
final class FakeRunStore implements RunStore {
    private final NavigableMap<RunId, RunRecord> runs = new TreeMap<>();
    private final NavigableMap<TaskId, TaskRecord> tasks = new TreeMap<>();
    private final Map<String, NewRun> keys = new HashMap<>();
    private final List<AuditEvent> audit = new ArrayList<>();
    private final Map<RunId, List<RunEvent>> events = new HashMap<>();
    private boolean unreachable;
    private @Nullable RuntimeException failure;

    /** Fails so from now on; null for not at all. */
    synchronized void failing(@Nullable RuntimeException with) {
        failure = with;
    }

    synchronized void unreachable(boolean now) {
        unreachable = now;
    }

    synchronized List<AuditEvent> audit() {
        return List.copyOf(audit);
    }

    synchronized int size() {
        return runs.size();
    }

    /** The newest run, once there is one. */
    synchronized RunId awaitRun() throws InterruptedException {
        while (runs.isEmpty()) {
            wait();
        }
        return runs.lastKey();
    }

    @Override
    public synchronized Inserted insert(NewRun run) {
        check();
        NewRun.Idempotency idempotency = run.idempotency();
        if (idempotency != null) {
            NewRun known = keys.putIfAbsent(idempotency.caller() + "\n" + idempotency.key(), run);
            if (known != null && known.idempotency() != null) {
                return known.idempotency().fingerprint().equals(idempotency.fingerprint())
                        ? new Inserted.Replayed(
                                known.run().id(), known.idempotency().firstAnswer())
                        : new Inserted.KeyReused();
            }
        }
        put(run.run(), run.tasks());
        audit.add(run.audit());
        return new Inserted.Created(run.run());
    }

    @Override
    public synchronized Optional<Inserted> known(String caller, String key, String fingerprint) {
        NewRun known = keys.get(caller + "\n" + key);
        NewRun.Idempotency idempotency = known == null ? null : known.idempotency();
        if (known == null || idempotency == null) {
            return Optional.empty();
        }
        return Optional.of(
                idempotency.fingerprint().equals(fingerprint)
                        ? new Inserted.Replayed(known.run().id(), idempotency.firstAnswer())
                        : new Inserted.KeyReused());
    }

    /** Adds a run as it is, for tests of what is shown. */
    synchronized void put(RunRecord run, List<TaskRecord> its) {
        runs.put(run.id(), run);
        its.forEach(task -> tasks.put(task.id(), task));
        List<RunEvent> beginning = new ArrayList<>();
        beginning.add(new RunEvent.OfRun(1, run));
        its.forEach(task -> beginning.add(new RunEvent.OfTask(beginning.size() + 1L, task)));
        events.put(run.id(), beginning);
        notifyAll();
    }

    @Override
    public synchronized Optional<Decided> changeTask(TaskId id, TaskDecision decision) {
        check();
        TaskRecord task = tasks.get(id);
        RunRecord run = runs.get(id.run());
        if (task == null || run == null) {
            return Optional.empty();
        }
        return Optional.of(apply(run, List.of(task), decision.decide(run, task)));
    }

    @Override
    public synchronized Optional<Decided> changeRun(RunId id, RunDecision decision) {
        check();
        RunRecord run = runs.get(id);
        if (run == null) {
            return Optional.empty();
        }
        List<TaskRecord> open = tasks(id, null, 0, Integer.MAX_VALUE).stream()
                .filter(task -> !task.state().terminal())
                .toList();
        return Optional.of(apply(run, open, decision.decide(run, open)));
    }

    private Decided apply(RunRecord run, List<TaskRecord> seen, Optional<Change> change) {
        if (change.isEmpty()) {
            return new Decided(false, run, seen);
        }
        RunRecord changed = run.with(change.get().run());
        runs.put(run.id(), changed);
        audit.addAll(change.get().audit());
        change.get().tasks().forEach(this::apply);
        List<RunEvent> history = history(run.id());
        change.get().tasks().forEach(each -> history.add(new RunEvent.OfTask(history.size() + 1L, known(each.task()))));
        if (changed.progress().state() != run.progress().state()
                || !Objects.equals(
                        changed.progress().cancelRequestedAt(), run.progress().cancelRequestedAt())) {
            history.add(new RunEvent.OfRun(history.size() + 1L, changed));
        }
        return new Decided(
                true, changed, seen.stream().map(each -> known(each.id())).toList());
    }

    private void apply(Change.TaskUpdate update) {
        TaskRecord task = known(update.task());
        List<AttemptRecord> attempts = new ArrayList<>(task.attempts());
        AttemptRecord attempt = update.attempt();
        if (attempt != null) {
            attempts.removeIf(each -> each.number() == attempt.number());
            attempts.add(attempt);
        }
        tasks.put(
                task.id(),
                new TaskRecord(
                        task.id(), task.node(), task.createdAt(), task.expiresAt(), update.progress(), attempts));
    }

    private TaskRecord known(TaskId id) {
        TaskRecord task = tasks.get(id);
        if (task == null) {
            throw new IllegalStateException("no task " + id);
        }
        return task;
    }

    @Override
    public List<Decided> claim(String node, int limit, Instant now, TaskDecision decision) {
        throw new UnsupportedOperationException("nothing is dispatched here");
    }

    @Override
    public synchronized Optional<RunRecord> run(RunId id) {
        check();
        return Optional.ofNullable(runs.get(id));
    }

    @Override
    public synchronized RunPage runs(RunFilter filter, @Nullable RunId before, int limit) {
        check();
        List<RunRecord> found = runs.descendingMap().values().stream()
                .filter(run -> before == null || run.id().compareTo(before) < 0)
                .filter(run -> matches(filter, run))
                .limit(limit + 1L)
                .toList();
        return new RunPage(found.subList(0, Math.min(limit, found.size())), found.size() > limit);
    }

    private boolean matches(RunFilter filter, RunRecord run) {
        Instant createdAt = run.origin().createdAt();
        return (filter.state() == null || filter.state() == run.progress().state())
                && (filter.createdBy() == null
                        || filter.createdBy().equals(run.origin().createdBy()))
                && (filter.node() == null
                        || tasks(run.id(), null, 0, Integer.MAX_VALUE).stream()
                                .anyMatch(task -> task.node().equals(filter.node())))
                && run.spec().labels().entrySet().containsAll(filter.labels().entrySet())
                && (filter.since() == null || !createdAt.isBefore(filter.since()))
                && (filter.until() == null || createdAt.isBefore(filter.until()));
    }

    @Override
    public synchronized Optional<TaskRecord> task(TaskId id) {
        check();
        return Optional.ofNullable(tasks.get(id));
    }

    private List<RunEvent> history(RunId run) {
        return events.computeIfAbsent(run, _ -> new ArrayList<>());
    }

    @Override
    public synchronized Optional<EventPage> events(RunId id, long after, int limit) {
        check();
        RunRecord run = runs.get(id);
        if (run == null) {
            return Optional.empty();
        }
        List<RunEvent> all = history(id);
        List<RunEvent> found = all.stream()
                .filter(each -> each.sequence() > after)
                .limit(limit)
                .toList();
        return Optional.of(
                new EventPage(found, all.size(), run.progress().state().terminal()));
    }

    @Override
    public synchronized List<TaskRecord> tasks(RunId run, @Nullable TaskState state, int fromIndex, int limit) {
        check();
        return tasks.tailMap(run.task(fromIndex)).values().stream()
                .filter(task -> task.id().run().equals(run))
                .filter(task -> state == null || task.state() == state)
                .limit(limit)
                .toList();
    }

    @Override
    public synchronized List<TaskRecord> tasksOfNode(
            String node, List<TaskState> states, @Nullable TaskId after, int limit) {
        check();
        return tasks.values().stream()
                .filter(task -> task.node().equals(node) && states.contains(task.state()))
                .filter(task -> after == null || task.id().compareTo(after) > 0)
                .limit(limit)
                .toList();
    }

    @Override
    public synchronized int countOpenTasks(String node, List<TaskState> states) {
        check();
        return (int) tasks.values().stream()
                .filter(task -> task.node().equals(node) && states.contains(task.state()))
                .count();
    }

    @Override
    public List<TaskId> expired(Instant now, int limit) {
        throw new UnsupportedOperationException("nothing is dispatched here");
    }

    @Override
    public List<TaskId> dueRetries(Instant now, int limit) {
        throw new UnsupportedOperationException("nothing is dispatched here");
    }

    @Override
    public Optional<Instant> nextRetry() {
        throw new UnsupportedOperationException("nothing is dispatched here");
    }

    @Override
    public synchronized long pendingTasks() {
        check();
        return tasks.values().stream()
                .filter(task -> task.state() == TaskState.PENDING)
                .count();
    }

    @Override
    public synchronized Optional<Instant> oldestPending(String node) {
        check();
        return tasks.values().stream()
                .filter(task -> task.node().equals(node) && task.state() == TaskState.PENDING)
                .map(TaskRecord::createdAt)
                .min(Instant::compareTo);
    }

    @Override
    public synchronized Optional<RunId> newestRun() {
        return runs.isEmpty() ? Optional.empty() : Optional.of(runs.lastKey());
    }

    @Override
    public synchronized void record(AuditEvent event) {
        check();
        audit.add(event);
    }

    @Override
    public void recordNeeded(AuditEvent event) {
        record(event);
    }

    @Override
    public Optional<AuditEntry> newestAuditEntry() {
        throw new UnsupportedOperationException("this store has no chain");
    }

    @Override
    public List<AuditEntry> auditEntries(long fromSequence, int limit) {
        throw new UnsupportedOperationException("this store has no chain");
    }

    @Override
    public synchronized void check() {
        if (failure != null) {
            throw failure;
        }
        if (unreachable) {
            throw new StoreUnavailableException("switched off", new IllegalStateException("switched off"));
        }
    }

    @Override
    public void close() {}
}
