package dev.hufu.server.store.sql;

import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskId;
import dev.hufu.server.store.AttemptRecord;
import dev.hufu.server.store.RunEvent;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore.EventPage;
import dev.hufu.server.store.TaskRecord;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The table of events. The beginning of a history (the run and each task, {@code PENDING}) is not stored but derived, so
 * that accepting a run writes no row for it. Stateless; runs in its caller's transaction.
 */
final class EventLog {
    private static final String INSERT =
            "INSERT INTO run_events (run_id, sequence, task_index, snapshot) VALUES (?, ?, ?, ?)";
    private static final String EVENTS = """
            SELECT sequence, task_index, snapshot FROM run_events
            WHERE run_id = ? AND sequence > ? ORDER BY sequence LIMIT ?""";

    private EventLog() {}

    /** A task as it was: what changes of it. */
    private record Snapshot(
            TaskRecord.Progress progress, @Nullable AttemptRecord attempt) {}

    private record Stored(long sequence, int taskIndex, String snapshot) {}

    /** The number of events that every history begins with. */
    static long beginning(RunRecord.Progress progress) {
        long events = 1;
        for (int count : progress.counts().values()) {
            events += count;
        }
        return events;
    }

    static void append(Statements statements, RunEvent event) throws SQLException {
        switch (event) {
            case RunEvent.OfTask(long sequence, TaskRecord task) ->
                statements
                        .query(INSERT)
                        .text(task.id().run().value())
                        .number(sequence)
                        .number(task.id().index())
                        .text(Rows.encode(new Snapshot(task.progress(), task.currentAttemptRecord())))
                        .append();
            case RunEvent.OfRun(long sequence, RunRecord run) ->
                statements
                        .query(INSERT)
                        .text(run.id().value())
                        .number(sequence)
                        .nothing()
                        .text(Rows.encode(run.progress()))
                        .append();
        }
    }

    static Optional<EventPage> page(Statements statements, RunId id, long after, int limit) throws SQLException {
        Optional<Rows.RunRow> found = Rows.run(statements, id);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        Rows.RunRow row = found.get();
        RunRecord run = row.with(Rows.spec(statements, id));
        List<RunEvent> events = new ArrayList<>();
        long beginning = beginning(run.progress());
        if (after < beginning) {
            addBeginning(statements, run, after, limit, events);
        }
        if (events.size() < limit) {
            addStored(statements, run, Math.max(after, beginning), limit - events.size(), events);
        }
        return Optional.of(
                new EventPage(events, row.lastEvent(), run.progress().state().terminal()));
    }

    private static void addBeginning(Statements statements, RunRecord run, long after, int limit, List<RunEvent> events)
            throws SQLException {
        long from = Math.max(after, 0);
        if (from == 0) {
            int tasks = (int) (beginning(run.progress()) - 1);
            events.add(new RunEvent.OfRun(1, run.with(RunRecord.Progress.pending(tasks))));
        }
        int firstTask = (int) Math.max(0, from - 1);
        if (events.size() < limit) {
            for (TaskRecord task : Rows.bareTasks(statements, run.id(), firstTask, limit - events.size())) {
                events.add(new RunEvent.OfTask(
                        2L + task.id().index(), with(task, TaskRecord.Progress.pending(), List.of())));
            }
        }
    }

    private static void addStored(Statements statements, RunRecord run, long after, int limit, List<RunEvent> events)
            throws SQLException {
        List<Stored> rows = statements
                .query(EVENTS)
                .text(run.id().value())
                .number(after)
                .number(limit)
                .list(row -> {
                    int index = row.getInt(2);
                    boolean ofRun = row.wasNull();
                    return new Stored(row.getLong(1), ofRun ? -1 : index, row.getString(3));
                });
        for (Stored row : rows) {
            events.add(event(statements, run, row));
        }
    }

    private static RunEvent event(Statements statements, RunRecord run, Stored row) throws SQLException {
        if (row.taskIndex() < 0) {
            return new RunEvent.OfRun(row.sequence(), run.with(Rows.decode(row.snapshot(), RunRecord.Progress.class)));
        }
        TaskId id = run.id().task(row.taskIndex());
        TaskRecord task = Rows.task(statements, id)
                .orElseThrow(() -> new IllegalStateException("an event of task " + id + ", which is not there"));
        Snapshot snapshot = Rows.decode(row.snapshot(), Snapshot.class);
        AttemptRecord current = snapshot.attempt();
        List<AttemptRecord> attempts = new ArrayList<>();
        for (AttemptRecord each : task.attempts()) {
            // Those of before the current one had ended, and are as they were.
            if (each.number() < snapshot.progress().attempt()) {
                attempts.add(each);
            }
        }
        if (current != null) {
            attempts.add(current);
        }
        return new RunEvent.OfTask(row.sequence(), with(task, snapshot.progress(), attempts));
    }

    private static TaskRecord with(TaskRecord task, TaskRecord.Progress progress, List<AttemptRecord> attempts) {
        return new TaskRecord(task.id(), task.node(), task.createdAt(), task.expiresAt(), progress, attempts);
    }
}
