package dev.hufu.cli;

import dev.hufu.cli.page.JsonPage;
import dev.hufu.client.HufuClient;
import dev.hufu.client.Run;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.Option;
import dev.hufu.support.line.VerbSpec;

/** {@code hufu retry}: asks for a new run, and does not wait. */
final class RetryVerb implements Verb {
    @Override
    public VerbSpec spec() {
        return VerbSpec.of("retry", "run again what did not succeed")
                .operands("ID", 1, 1)
                .paragraph(
                        "Makes a new run of those tasks of an ended run that did not succeed, with the same command and"
                                + " settings, and prints its id. Of a task, its run is meant.")
                .option(Option.FORMAT)
                .example("hufu logs -f $(hufu retry $ID)", "run it again, and exit as it does")
                .build();
    }

    @Override
    public int carryOut(Session session, Arguments arguments) throws InterruptedException {
        Target target = Target.of(arguments.operands().getFirst());
        boolean json = session.json();
        try (HufuClient client = session.client()) {
            Run run = client.retry(target.run());
            session.print(json ? JsonPage.run(client, run.id()) : run.id().value());
            return ExitCode.SUCCESS;
        }
    }
}
