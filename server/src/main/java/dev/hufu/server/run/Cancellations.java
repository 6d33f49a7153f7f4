package dev.hufu.server.run;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.TaskRecord;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Cancels runs: what was not dispatched ends at once, what was is stopped by its agent. Idempotent while a run is open. */
public final class Cancellations {
    private final Tasks tasks;
    private final Wakeups wakeups;

    public Cancellations(Tasks tasks, Wakeups wakeups) {
        this.tasks = tasks;
        this.wakeups = wakeups;
    }

    /**
     * Asks for a run to be cancelled.
     *
     * @return the run afterwards; empty where there is none
     * @throws Refusal with {@link ErrorKind#CONFLICT} where it has ended
     */
    public Optional<RunRecord> cancel(RunId id, String actor) {
        return cancel(id, actor, null);
    }

    /**
     * As {@link #cancel(RunId, String)}.
     *
     * @param killGrace instead of the run's own; null for that. What is being stopped already has no more than before
     */
    public Optional<RunRecord> cancel(RunId id, String actor, @Nullable Duration killGrace) {
        Optional<RunStore.Decided> found = tasks.requestCancel(id, actor, killGrace);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        RunStore.Decided decided = found.get();
        RunRecord run = decided.run();
        if (!decided.changed() && run.progress().state().terminal()) {
            throw new Refusal(
                    ErrorKind.CONFLICT, "The run has ended: " + run.progress().state() + ".");
        }
        for (TaskRecord task : decided.tasks()) {
            if (task.state() == TaskState.DISPATCHED || task.state() == TaskState.RUNNING) {
                wakeups.stop(
                        task.node(),
                        task.currentAttempt(),
                        killGrace == null ? run.spec().killGrace() : killGrace);
            }
        }
        return Optional.of(run);
    }
}
