package dev.hufu.cli;

import dev.hufu.client.HufuClient;
import dev.hufu.client.Task;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskId;
import dev.hufu.support.line.UsageException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What an ID on the command line names. */
sealed interface Target {
    RunId run();

    /**
     * The task that is meant: of a run, the one that it has.
     *
     * @throws UsageException when it has several
     */
    default TaskId onlyTask(HufuClient client) throws InterruptedException {
        if (this instanceof OfTask(TaskId task)) {
            return task;
        }
        List<Task> tasks = client.tasks(run());
        if (tasks.size() != 1) {
            throw new UsageException("the run has " + tasks.size() + " tasks; name one, as in " + run() + ".0");
        }
        return tasks.getFirst().id();
    }

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
