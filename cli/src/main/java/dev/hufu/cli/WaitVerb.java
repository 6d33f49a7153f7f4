package dev.hufu.cli;

import dev.hufu.cli.page.JsonPage;
import dev.hufu.client.HufuClient;
import dev.hufu.client.Run;
import dev.hufu.client.Task;
import dev.hufu.support.Timers;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.Option;
import dev.hufu.support.line.VerbSpec;
import java.time.Duration;
import java.util.List;

/** {@code hufu wait}: waits for the end of a run or task, over restarts of the server, and exits as it did. */
final class WaitVerb implements Verb {
    private static final Duration FOR_EVER = Duration.ofDays(36_500);
    private static final Duration SHORTEST_POLL = Duration.ofMillis(20);
    private static final Duration LONGEST_POLL = Duration.ofMillis(500);

    @Override
    public VerbSpec spec() {
        return VerbSpec.of("wait", "wait for the end of a run, and exit as it did")
                .operands("ID", 1, 1)
                .paragraph(
                        "Prints the id and the state at the end. Exits as 'hufu run' would have; see there. Of a run of"
                                + " several tasks: 0 if all succeeded, else 1. Ctrl-C ends the waiting only.")
                .option(Option.FORMAT)
                .build();
    }

    @Override
    public boolean exitsAsTheRun(Arguments arguments) {
        return true;
    }

    @Override
    public int carryOut(Session session, Arguments arguments) throws InterruptedException {
        Target target = Target.of(arguments.operands().getFirst());
        boolean json = session.json();
        try (HufuClient client = session.client()) {
            List<Task> tasks;
            switch (target) {
                case Target.OfRun of -> {
                    Run run = client.await(of.run(), FOR_EVER);
                    session.print(json ? JsonPage.run(client, run.id()) : run.id() + " " + run.state());
                    tasks = run.tasks();
                }
                case Target.OfTask of -> {
                    Task task = awaitTask(session.surroundings().timers(), client, of);
                    session.print(json ? JsonPage.task(client, task.id()) : task.id() + " " + task.state());
                    tasks = List.of(task);
                }
            }
            for (Task task : tasks) {
                String explanation = ExitCode.explanation(task);
                if (explanation != null) {
                    session.surroundings().say(explanation);
                }
            }
            return ExitCode.of(tasks);
        }
    }

    private static Task awaitTask(Timers timers, HufuClient client, Target.OfTask of) throws InterruptedException {
        Duration poll = SHORTEST_POLL;
        while (true) {
            Task task = client.task(of.task());
            if (task.state().terminal()) {
                return task;
            }
            timers.sleep(poll);
            poll = poll.multipliedBy(2).compareTo(LONGEST_POLL) > 0 ? LONGEST_POLL : poll.multipliedBy(2);
        }
    }
}
