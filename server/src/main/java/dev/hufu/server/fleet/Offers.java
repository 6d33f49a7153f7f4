package dev.hufu.server.fleet;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.TaskRecord;
import java.util.Optional;

/** Orders to start an attempt, as they follow from the store. Stateless. */
public final class Offers {
    private Offers() {}

    public static ServerMessage.StartAttempt first(RunRecord run, TaskRecord task) {
        return new ServerMessage.StartAttempt(
                task.currentAttempt(),
                run.spec(),
                task.expiresAt(),
                run.origin().traceparent());
    }

    /** Asks the store anew; empty where nobody waits for this attempt's start any more. */
    public static Optional<ServerMessage.StartAttempt> again(RunStore store, AttemptId attempt) {
        Optional<TaskRecord> task = store.task(attempt.task());
        if (task.isEmpty()
                || task.get().state() != TaskState.DISPATCHED
                || task.get().progress().attempt() != attempt.number()) {
            return Optional.empty();
        }
        return store.run(attempt.task().run()).map(run -> first(run, task.get()));
    }
}
