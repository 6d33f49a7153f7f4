package dev.hufu.cli;

import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskId;
import dev.hufu.support.line.UsageException;
import java.util.Locale;
import java.util.Optional;

/** What an ID on the command line names. */
sealed interface Target {
    RunId run();

    record OfRun(RunId run) implements Target {}

    record OfTask(TaskId task) implements Target {
        @Override
        public RunId run() {
            return task.run();
        }
    }

    /**
     * Reads an ID, in whatever case it was copied.
     *
     * @throws UsageException when it is none
     */
    static Target of(String text) {
        String id = text.toLowerCase(Locale.ROOT);
        Optional<Target> run = RunId.parse(id).map(OfRun::new);
        return run.or(() -> TaskId.parse(id).map(OfTask::new))
                .orElseThrow(() -> new UsageException("'" + text + "' is not the id of a run or task"));
    }
}
