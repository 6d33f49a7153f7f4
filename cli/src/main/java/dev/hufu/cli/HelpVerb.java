package dev.hufu.cli;

import dev.hufu.cli.terminal.Surroundings;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.HelpPage;
import dev.hufu.support.line.UsageException;
import dev.hufu.support.line.VerbSpec;

/** {@code hufu help}: the same pages as {@code --help}. Asks no server. */
final class HelpVerb implements Verb {
    @Override
    public VerbSpec spec() {
        return VerbSpec.of("help", "show help on a verb, or the list of verbs")
                .operand("VERB", 0, Verbs.NAMES)
                .build();
    }

    @Override
    public int carryOut(Session session, Arguments arguments) {
        if (arguments.operands().isEmpty()) {
            session.print(all(session.surroundings()));
            return ExitCode.SUCCESS;
        }
        String name = arguments.operands().getFirst();
        Verb verb = Verbs.named(name).orElseThrow(() -> new UsageException("there is no verb '" + name + "'"));
        session.print(of(verb, session.surroundings()));
        return ExitCode.SUCCESS;
    }

    static String of(Verb verb, Surroundings surroundings) {
        return HelpPage.of(verb.spec(), Session.SHARED, surroundings.pageWidth(), surroundings.coloured());
    }

    static String all(Surroundings surroundings) {
        return HelpPage.of(
                Verbs.SUMMARY,
                Verbs.specs(),
                Session.SHARED,
                Verbs.ENVIRONMENT,
                surroundings.pageWidth(),
                surroundings.coloured());
    }
}
