package dev.hufu.support.line;

import java.util.List;

/**
 * An option of a verb.
 *
 * @param names as they are typed; the last is the one that it is known by
 * @param label of its value, as in {@code FILE}; empty for a flag
 * @param values what completion offers; may be empty
 * @param description begins in lower case, and has the default in parentheses
 */
public record Option(List<String> names, String label, Values values, boolean repeatable, String description) {
    public static final Option HELP = flag("--help", "show this help and exit").or("-h");

    /** Of what prints for a reader, or for a program. */
    public static final Option FORMAT = words("--output", "FORMAT", List.of("table", "json"), "table or json (table)")
            .or("-o");

    public Option {
        names = List.copyOf(names);
    }

    /** What a value is, as far as completion goes. */
    public sealed interface Values {
        /** Only the person knows. */
        record Any() implements Values {}

        /** A file or directory on this machine. */
        record Files() implements Values {}

        /** One of these words. */
        record Words(List<String> words) implements Values {
            public Words {
                words = List.copyOf(words);
            }
        }
    }

    public static Option flag(String name, String description) {
        return new Option(List.of(name), "", new Values.Any(), false, description);
    }

    public static Option of(String name, String label, String description) {
        return new Option(List.of(name), label, new Values.Any(), false, description);
    }

    public static Option file(String name, String label, String description) {
        return new Option(List.of(name), label, new Values.Files(), false, description);
    }

    public static Option words(String name, String label, List<String> words, String description) {
        return new Option(List.of(name), label, new Values.Words(words), false, description);
    }

    /** The same with a short name. */
    public Option or(String shortName) {
        return new Option(List.of(shortName, name()), label, values, repeatable, description);
    }

    /** The same, which may be given several times. */
    public Option repeated() {
        return new Option(names, label, values, true, description + "; may be repeated");
    }

    public String name() {
        return names.getLast();
    }

    public boolean isFlag() {
        return label.isEmpty();
    }
}
