package dev.hufu.cli;

import dev.hufu.cli.terminal.Surroundings;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.Spelling;
import dev.hufu.support.line.UsageException;
import java.io.IOException;
import java.util.List;

/** {@code hufu} itself: finds the verb, and how every one of them ends. */
final class HufuCommand {
    private final Surroundings surroundings;

    private HufuCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /** Carries out a command line; the exit code. */
    static int run(Surroundings surroundings, String... arguments) {
        int code = new HufuCommand(surroundings).carryOut(List.of(arguments));
        surroundings.page().flush();
        return code;
    }

    private int carryOut(List<String> given) {
        List<String> words = Session.verbFirst(given);
        String name = words.isEmpty() ? "" : words.getFirst();
        if (name.equals("--help") || name.equals("-h")) {
            surroundings.page().println(HelpVerb.all(surroundings));
            return ExitCode.SUCCESS;
        }
        if (name.equals("--version")) {
            return carryOut(List.of("version"));
        }
        if (name.isEmpty() || name.startsWith("-")) {
            return usage("a verb is missing", "hufu --help");
        }
        Verb verb = Verbs.named(name).orElse(null);
        if (verb == null) {
            return usage(
                    Spelling.nearest(name, Verbs.NAMES)
                            .map(near -> "there is no verb '" + name + "'; did you mean " + near + "?")
                            .orElse("there is no verb '" + name + "'"),
                    "hufu --help");
        }
        try {
            Arguments arguments = Arguments.read(verb.spec(), Session.SHARED, words.subList(1, words.size()));
            if (arguments.has("--help")) {
                surroundings.page().println(HelpVerb.of(verb, surroundings));
                return ExitCode.SUCCESS;
            }
            return carryOut(verb, new Session(surroundings, arguments), arguments);
        } catch (UsageException wrong) {
            return usage(String.valueOf(wrong.getMessage()), "hufu " + name + " --help");
        }
    }

    private int carryOut(Verb verb, Session session, Arguments arguments) {
        try {
            return verb.carryOut(session, arguments);
        } catch (UsageException wrong) {
            throw wrong;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException failure) {
            new Complaints(surroundings, session::address).complain(failure);
        }
        return verb.exitsAsTheRun(arguments) ? ExitCode.HUFU : ExitCode.FAILURE;
    }

    private int usage(String message, String help) {
        surroundings.say(message);
        surroundings.say("try '" + help + "'");
        return ExitCode.USAGE;
    }
}
