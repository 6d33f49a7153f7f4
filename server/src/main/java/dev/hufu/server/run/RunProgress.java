package dev.hufu.server.run;

import dev.hufu.protocol.RunState;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.store.RunRecord;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;

/** How a run's progress follows from its tasks. Pure. */
final class RunProgress {
    private RunProgress() {}

    /** The run's progress after one of its tasks went from one state to another. */
    static RunRecord.Progress after(RunRecord.Progress run, TaskState from, TaskState to, Instant at) {
        Map<TaskState, Integer> counts = new EnumMap<>(run.counts());
        counts.merge(from, -1, Integer::sum);
        counts.merge(to, 1, Integer::sum);
        RunState state = state(counts, run);
        return new RunRecord.Progress(
                state,
                run.startedAt() == null && state == RunState.RUNNING ? at : run.startedAt(),
                state.terminal() ? (run.finishedAt() == null ? at : run.finishedAt()) : null,
                run.cancelRequestedAt(),
                counts);
    }

    private static RunState state(Map<TaskState, Integer> counts, RunRecord.Progress run) {
        int total = 0;
        int open = 0;
        for (Map.Entry<TaskState, Integer> entry : counts.entrySet()) {
            total += entry.getValue();
            open += entry.getKey().terminal() ? 0 : entry.getValue();
        }
        if (open > 0) {
            return run.state() == RunState.RUNNING || count(counts, TaskState.PENDING) < total
                    ? RunState.RUNNING
                    : RunState.PENDING;
        }
        if (count(counts, TaskState.CANCELLED) > 0) {
            return RunState.CANCELLED;
        }
        return count(counts, TaskState.SUCCEEDED) == total ? RunState.SUCCEEDED : RunState.FAILED;
    }

    private static int count(Map<TaskState, Integer> counts, TaskState state) {
        return counts.getOrDefault(state, 0);
    }
}
