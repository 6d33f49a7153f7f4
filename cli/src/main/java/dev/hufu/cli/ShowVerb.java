package dev.hufu.cli;

import dev.hufu.cli.page.JsonPage;
import dev.hufu.cli.page.TablePage;
import dev.hufu.cli.terminal.Surroundings;
import dev.hufu.client.HufuClient;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.Option;
import dev.hufu.support.line.VerbSpec;

/** {@code hufu show}: a run with its tasks, or a task with its attempts, as they are now. */
final class ShowVerb implements Verb {
    @Override
    public VerbSpec spec() {
        return VerbSpec.of("show", "show a run or a task")
                .operands("ID", 1, 1)
                .paragraph("Times are local in a table, and UTC in JSON, which holds everything that the server tells.")
                .option(Option.FORMAT)
                .build();
    }

    @Override
    public int carryOut(Session session, Arguments arguments) throws InterruptedException {
        Target target = Target.of(arguments.operands().getFirst());
        boolean json = session.json();
        try (HufuClient client = session.client()) {
            session.print(json ? json(client, target) : table(session.surroundings(), client, target));
            return ExitCode.SUCCESS;
        }
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
