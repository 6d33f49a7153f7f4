package dev.hufu.cli;

import dev.hufu.client.HufuClient;
import dev.hufu.client.Run;
import dev.hufu.client.Task;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code hufu wait}: waits for the end of a run or task, over restarts of the server, and exits as it did. */
@Command(
        name = "wait",
        description = {
            "wait for the end of a run, and exit as it did",
            "",
            "Prints the id and the state at the end. Exits as 'hufu run' would have; see there. Of a run of several"
                    + " tasks: 0 if all succeeded, else 1. Ctrl-C ends the waiting only."
        })
final class WaitVerb implements Callable<Integer>, Complaints.ExitsAsTheRun {
    private static final Duration FOR_EVER = Duration.ofDays(36_500);
    private static final Duration SHORTEST_POLL = Duration.ofMillis(20);
    private static final Duration LONGEST_POLL = Duration.ofMillis(500);

    private final HufuCommand root;

    @Parameters(paramLabel = "ID", converter = Target.Converter.class, description = "a run or a task")
    private @Nullable Target target;

    @Mixin
    private OutputFormat format = new OutputFormat();

    WaitVerb(HufuCommand root) {
        this.root = root;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (target == null) {
            throw root.usage("an ID is missing");
        }
        try (HufuClient client = root.client()) {
            return switch (target) {
                case Target.OfRun of -> ended(client, client.await(of.run(), FOR_EVER));
                case Target.OfTask of -> ended(client, awaitTask(client, of));
            };
        }
    }

    private Task awaitTask(HufuClient client, Target.OfTask of) throws InterruptedException {
        Duration poll = SHORTEST_POLL;
        while (true) {
            Task task = client.task(of.task());
            if (task.state().terminal()) {
                return task;
            }
            root.surroundings().timers().sleep(poll);
            poll = poll.multipliedBy(2).compareTo(LONGEST_POLL) > 0 ? LONGEST_POLL : poll.multipliedBy(2);
        }
    }

    private int ended(HufuClient client, Run run) throws InterruptedException {
        root.surroundings()
                .page()
                .println(format.json() ? JsonPage.run(client, run.id()) : run.id() + " " + run.state());
        run.tasks().forEach(this::explain);
        return ExitCode.of(run.tasks());
    }

    private int ended(HufuClient client, Task task) throws InterruptedException {
        root.surroundings()
                .page()
                .println(format.json() ? JsonPage.task(client, task.id()) : task.id() + " " + task.state());
        explain(task);
        return ExitCode.of(task);
    }

    private void explain(Task task) {
        String explanation = ExitCode.explanation(task);
        if (explanation != null) {
            root.surroundings().say(explanation);
        }
    }
}
