package dev.hufu.cli;

import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.Completion;
import dev.hufu.support.line.UsageException;
import dev.hufu.support.line.VerbSpec;
import java.util.List;

/** {@code hufu completion}: prints a script for a shell. Asks no server. */
final class CompletionVerb implements Verb {
    @Override
    public VerbSpec spec() {
        return VerbSpec.of("completion", "print a script that completes this command line in a shell")
                .operand("SHELL", 1, List.of("bash", "zsh"))
                .example("source <(hufu completion bash)", "in ~/.bashrc")
                .example("source <(hufu completion zsh)", "in ~/.zshrc, after compinit")
                .build();
    }

    @Override
    public int carryOut(Session session, Arguments arguments) {
        String shell = arguments.operands().getFirst();
        session.surroundings()
                .page()
                .print(
                        switch (shell) {
                            case "bash" -> Completion.bash(Verbs.specs(), Session.SHARED);
                            case "zsh" -> Completion.zsh(Verbs.specs(), Session.SHARED);
                            default -> throw new UsageException("completion is for bash and zsh, not '" + shell + "'");
                        });
        return ExitCode.SUCCESS;
    }
}
