package dev.hufu.cli;

import dev.hufu.cli.page.JsonPage;
import dev.hufu.client.HufuClient;
import dev.hufu.client.Task;
import dev.hufu.protocol.SignalName;
import dev.hufu.protocol.TaskId;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.Option;
import dev.hufu.support.line.UsageException;
import dev.hufu.support.line.VerbSpec;

/** {@code hufu signal}: to a running task, as {@code kill} does to a process. */
final class SignalVerb implements Verb {
    @Override
    public VerbSpec spec() {
        return VerbSpec.of("signal", "send a signal to a running task")
                .synopsis("[OPTION]... SIGNAL ID")
                .operands("SIGNAL ID", 2, 2)
                .paragraph(
                        "SIGNAL is as kill(1) has it: QUIT, SIGQUIT or 3. What follows from it is the process's own affair:"
                                + " a task that TERM or KILL ends has failed, with reason 'signal'. To stop a run with all that belongs to"
                                + " it, there is 'hufu cancel'. Of a run, the one task that it has is meant.")
                .option(Option.flag("--whole-tree", "to every process of the task, not to its main process only"))
                .option(Option.FORMAT)
                .exitCode("0", "the signal is on its way")
                .exitCode("1", "the task does not run, or Hufu could not do it; the message says why")
                .exitCode("2", "the command line is wrong")
                .example("hufu signal QUIT $ID && hufu logs $ID", "let a Java program write what its threads do")
                .example("hufu signal --whole-tree STOP $ID", "pause a task with all its processes, until CONT")
                .build();
    }

    @Override
    public int carryOut(Session session, Arguments arguments) throws InterruptedException {
        String typed = arguments.operands().getFirst();
        SignalName signal = SignalName.typed(typed)
                .orElseThrow(() -> new UsageException("'" + typed + "' is not a signal such as TERM, SIGQUIT or 3"));
        Target target = Target.of(arguments.operands().getLast());
        boolean json = session.json();
        try (HufuClient client = session.client()) {
            TaskId id = target.onlyTask(client);
            Task task = client.signal(id, signal, arguments.has("--whole-tree"));
            session.print(json ? JsonPage.task(client, id) : task.id() + " " + task.state() + ", " + signal + " sent");
            return ExitCode.SUCCESS;
        }
    }
}
