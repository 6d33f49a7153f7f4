package dev.hufu.cli;

import dev.hufu.cli.terminal.Surroundings;
import dev.hufu.client.HufuClient;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.Option;
import dev.hufu.support.line.UsageException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What all verbs share: the options of every verb, and the way to the server. */
final class Session {
    /** For how long a server that went away is waited for. */
    private static final Duration OUTAGE = Duration.ofSeconds(60);

    static final List<Option> SHARED = List.of(
            Option.of("--server", "URL", "the server (HUFU_URL; else http://127.0.0.1:7433)"),
            Option.file("--cacert", "FILE", "believe the certificate authorities in this file only (HUFU_CACERT)"),
            Option.HELP);

    private final Surroundings surroundings;
    private final Arguments arguments;

    Session(Surroundings surroundings, Arguments arguments) {
        this.surroundings = surroundings;
        this.arguments = arguments;
    }

    Surroundings surroundings() {
        return surroundings;
    }

    /** Prints on stdout what was asked for. */
    void print(String text) {
        surroundings.page().println(text);
    }

    URI address() {
        return Access.address(arguments.value("--server").orElse(null), surroundings.env());
    }

    /** A client of the server that was named; the caller closes it. */
    HufuClient client() {
        try {
            return Access.of(
                            arguments.value("--server").orElse(null),
                            arguments.value("--cacert").orElse(null),
                            surroundings.env())
                    .client()
                    .timers(surroundings.timers())
                    .retryFor(OUTAGE)
                    .connectWithin(Duration.ZERO)
                    .onRetry(new OutageRemark(surroundings, OUTAGE))
                    .build();
        } catch (IllegalArgumentException malformed) {
            throw new UsageException(
                    malformed.getMessage() == null ? "the address is malformed" : malformed.getMessage());
        }
    }

    boolean json() {
        return switch (arguments.value(Option.FORMAT.name()).orElse("table")) {
            case "table" -> false;
            case "json" -> true;
            default -> throw new UsageException("--output is table or json");
        };
    }

    /** The words of a command line with the shared options that came before the verb put after it. */
    static List<String> verbFirst(List<String> words) {
        int at = 0;
        while (at < words.size() && words.get(at).startsWith("-")) {
            String word = words.get(at);
            boolean valued = Arguments.find(word, SHARED)
                    .filter(option -> !option.isFlag())
                    .isPresent();
            at += valued ? 2 : 1;
        }
        if (at == 0 || at >= words.size()) {
            return words;
        }
        List<String> turned = new ArrayList<>();
        turned.add(words.get(at));
        turned.addAll(words.subList(0, at));
        turned.addAll(words.subList(at + 1, words.size()));
        return turned;
    }
}
