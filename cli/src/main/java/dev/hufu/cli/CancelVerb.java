package dev.hufu.cli;

import dev.hufu.cli.page.JsonPage;
import dev.hufu.client.HufuClient;
import dev.hufu.client.Run;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.Option;
import dev.hufu.support.line.VerbSpec;

/** {@code hufu cancel}: asks, and does not wait. */
final class CancelVerb implements Verb {
    @Override
    public VerbSpec spec() {
        return VerbSpec.of("cancel", "stop a run")
                .operands("ID", 1, 1)
                .paragraph("Asks the server to stop the run, and returns once it is on record; 'hufu wait ID' waits for"
                        + " the end. Of a task, its run is stopped. Exits 1 where the run has ended already.")
                .option(Option.FORMAT)
                .example("hufu cancel $ID && hufu wait $ID", "stop a run, and wait until nothing of it is left")
                .build();
    }

    @Override
    public int carryOut(Session session, Arguments arguments) throws InterruptedException {
        Target target = Target.of(arguments.operands().getFirst());
        boolean json = session.json();
        try (HufuClient client = session.client()) {
            Run run = client.cancel(target.run());
            session.print(json ? JsonPage.run(client, run.id()) : run.id() + " " + run.state() + ", cancel requested");
            return ExitCode.SUCCESS;
        }
    }
}
