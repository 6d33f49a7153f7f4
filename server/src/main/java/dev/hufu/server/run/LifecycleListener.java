package dev.hufu.server.run;

import dev.hufu.protocol.TaskState;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.TaskRecord;

/** Hears of committed changes. Called on the thread that made them, after the commit: returns at once, throws nothing. */
public interface LifecycleListener {
    LifecycleListener NONE = new LifecycleListener() {
        @Override
        public void accepted(RunRecord run) {}

        @Override
        public void replayed() {}

        @Override
        public void changed(TaskState from, TaskRecord task) {}

        @Override
        public void ended(RunRecord run) {}
    };

    /** A run was accepted. */
    void accepted(RunRecord run);

    /** A known Idempotency-Key was answered with the run it had made. */
    void replayed();

    /** A task changed. */
    void changed(TaskState from, TaskRecord task);

    /** All tasks of a run have ended. */
    void ended(RunRecord run);
}
