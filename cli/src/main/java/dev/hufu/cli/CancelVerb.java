package dev.hufu.cli;

import dev.hufu.client.HufuClient;
import dev.hufu.client.Run;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code hufu cancel}: asks, and does not wait. */
@Command(
        name = "cancel",
        description = {
            "stop a run",
            "",
            "Asks the server to stop the run, and returns once it is on record; 'hufu wait ID' waits for"
                    + " the end. Of a task, its run is stopped. Exits 1 where the run has ended already."
        },
        showDefaultValues = false)
final class CancelVerb implements Callable<Integer> {
    private final HufuCommand root;

    @Parameters(paramLabel = "ID", converter = Target.Converter.class, description = "a run or a task")
    private @Nullable Target target;

    @Mixin
    private OutputFormat format = new OutputFormat();

    CancelVerb(HufuCommand root) {
        this.root = root;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (target == null) {
            throw root.usage("an ID is missing");
        }
        try (HufuClient client = root.client()) {
            Run run = client.cancel(target.run());
            root.surroundings()
                    .page()
                    .println(
                            format.json()
                                    ? JsonPage.run(client, run.id())
                                    : run.id() + " " + run.state() + ", cancel requested");
            return ExitCode.SUCCESS;
        }
    }
}
