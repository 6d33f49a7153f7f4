package dev.hufu.server.store;

import dev.hufu.protocol.TaskId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A change of a run and some of its tasks, written in one transaction with its audit entries. */
public record Change(RunRecord.Progress run, List<TaskUpdate> tasks, List<AuditEvent> audit) {
    public Change {
        tasks = List.copyOf(tasks);
        audit = List.copyOf(audit);
    }

    /**
     * The new progress of a task, compared and set on the state and attempt that the decision saw.
     *
     * @param attempt inserted, or in the place of the one with its number; null to leave attempts alone
     */
    public record TaskUpdate(
            TaskId task,
            TaskRecord.Progress progress,
            @Nullable AttemptRecord attempt) {}
}
