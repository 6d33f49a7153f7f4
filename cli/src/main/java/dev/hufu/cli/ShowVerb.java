package dev.hufu.cli;

import dev.hufu.client.HufuClient;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code hufu show}: a run with its tasks, or a task with its attempts, as they are now. */
@Command(
        name = "show",
        description = {
            "show a run or a task",
            "",
            "Times are local in a table, and UTC in JSON, which holds everything that the server tells."
        })
final class ShowVerb implements Callable<Integer> {
    private final HufuCommand root;

    @Parameters(paramLabel = "ID", converter = Target.Converter.class, description = "a run or a task")
    private @Nullable Target target;

    @Mixin
    private OutputFormat format = new OutputFormat();

    ShowVerb(HufuCommand root) {
        this.root = root;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (target == null) {
            throw root.usage("an ID is missing");
        }
        try (HufuClient client = root.client()) {
            root.surroundings().page().println(format.json() ? json(client, target) : table(client, target));
            return ExitCode.SUCCESS;
        }
    }

    private static String json(HufuClient client, Target target) throws InterruptedException {
        return switch (target) {
            case Target.OfRun of -> JsonPage.run(client, of.run());
            case Target.OfTask of -> JsonPage.task(client, of.task());
        };
    }

    private String table(HufuClient client, Target target) throws InterruptedException {
        TablePage page =
                new TablePage(root.surroundings().zone(), root.surroundings().coloured());
        return switch (target) {
            case Target.OfRun of -> page.run(client.run(of.run()), client.tasks(of.run()));
            case Target.OfTask of -> page.task(client.task(of.task()));
        };
    }
}
