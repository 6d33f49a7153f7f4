package dev.hufu.cli;

import dev.hufu.cli.page.JsonPage;
import dev.hufu.cli.page.ProcessPage;
import dev.hufu.cli.page.TablePage;
import dev.hufu.cli.terminal.Surroundings;
import dev.hufu.client.HufuClient;
import dev.hufu.protocol.TaskId;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.Option;
import dev.hufu.support.line.VerbSpec;

/** {@code hufu show}: a run with its tasks, a task with its attempts, or its processes, as they are now. */
final class ShowVerb implements Verb {
    @Override
    public VerbSpec spec() {
        return VerbSpec.of("show", "show a run or a task")
                .operands("ID", 1, 1)
                .paragraph("Times are local in a table, and UTC in JSON, which holds everything that the server tells.")
                .paragraph(
                        "With --processes, those that the task has now, also what left its session, as a tree; of a run, the one"
                                + " task that it has is meant. CPU is user and system time; WAITS ON is the kernel's function in which a"
                                + " process sleeps. JSON has the kernel's stack of each too, where the server may ask for it.")
                .option(Option.flag("--processes", "the processes of a running task"))
                .option(Option.FORMAT)
                .example("hufu show --processes $ID", "see what a task is doing")
                .build();
    }

    @Override
    public int carryOut(Session session, Arguments arguments) throws InterruptedException {
        Target target = Target.of(arguments.operands().getFirst());
        boolean json = session.json();
        try (HufuClient client = session.client()) {
            if (arguments.has("--processes")) {
                TaskId task = target.onlyTask(client);
                session.print(json ? JsonPage.processes(client, task) : tree(session.surroundings(), client, task));
                return ExitCode.SUCCESS;
            }
            session.print(json ? json(client, target) : table(session.surroundings(), client, target));
            return ExitCode.SUCCESS;
        }
    }

    private static String tree(Surroundings surroundings, HufuClient client, TaskId task) throws InterruptedException {
        return ProcessPage.text(
                client.processes(task), surroundings.zone().get(), surroundings.columns(), surroundings.coloured());
    }

    private static String json(HufuClient client, Target target) throws InterruptedException {
        return switch (target) {
            case Target.OfRun of -> JsonPage.run(client, of.run());
            case Target.OfTask of -> JsonPage.task(client, of.task());
        };
    }

    private static String table(Surroundings surroundings, HufuClient client, Target target)
            throws InterruptedException {
        TablePage page = new TablePage(surroundings.zone().get(), surroundings.pageWidth(), surroundings.coloured());
        return switch (target) {
            case Target.OfRun of -> page.run(client.run(of.run()), client.tasks(of.run()));
            case Target.OfTask of -> page.task(client.task(of.task()));
        };
    }
}
