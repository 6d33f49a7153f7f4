package dev.hufu.support.line;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What was given to a verb: options by the name that they are known by, and operands. Reading it is by hand and not by a
 * library, because a library's reflection took longer than all the rest of a short command.
 */
public final class Arguments {
    private final Map<String, List<String>> options = new LinkedHashMap<>();
    private final List<String> operands = new ArrayList<>();

    private Arguments() {}

    /**
     * Reads what follows a verb.
     *
     * @param shared options that every verb has
     * @throws UsageException when it is not what the verb takes; help was not asked for then
     */
    public static Arguments read(VerbSpec verb, List<Option> shared, List<String> words) {
        Arguments read = new Arguments();
        List<Option> known = new ArrayList<>(verb.options());
        known.addAll(verb.of(shared));
        int at = 0;
        while (at < words.size()) {
            String word = words.get(at);
            if (word.equals("--")) {
                read.operands.addAll(words.subList(at + 1, words.size()));
                break;
            }
            if (!word.startsWith("-") || word.equals("-")) {
                if (verb.opaque()) {
                    read.operands.addAll(words.subList(at, words.size()));
                    break;
                }
                read.operands.add(word);
                at++;
                continue;
            }
            at = read.option(word, words, at + 1, known);
        }
        if (!read.has("--help")) {
            read.check(verb);
        }
        return read;
    }

    private int option(String word, List<String> words, int next, List<Option> known) {
        int equals = word.indexOf('=');
        boolean compact = !word.startsWith("--") && word.length() > 2;
        String name = compact ? word.substring(0, 2) : equals < 0 ? word : word.substring(0, equals);
        Option option = find(name, known).orElseThrow(() -> unknown(name, known));
        if (option.isFlag()) {
            if (compact || equals >= 0) {
                throw new UsageException(name + " takes no value");
            }
            options.put(option.name(), List.of(""));
            return next;
        }
        boolean attached = compact || equals >= 0;
        if (!attached && (next >= words.size() || isOption(words.get(next), known))) {
            throw new UsageException(name + " needs a value: " + name + " " + option.label());
        }
        String value =
                !attached ? words.get(next) : compact && equals != 2 ? word.substring(2) : word.substring(equals + 1);
        if (options.containsKey(option.name()) && !option.repeatable()) {
            throw new UsageException(name + " is given twice");
        }
        options.computeIfAbsent(option.name(), _ -> new ArrayList<>()).add(value);
        return attached ? next : next + 1;
    }

    private void check(VerbSpec verb) {
        if (operands.size() < verb.leastOperands()) {
            throw new UsageException("what to " + verb.name() + " is missing: " + verb.operandLabel());
        }
        if (operands.size() > verb.mostOperands()) {
            throw new UsageException("'" + operands.get(verb.mostOperands()) + "' is one too many");
        }
    }

    /** The option of this name. */
    public static Optional<Option> find(String name, List<Option> known) {
        for (Option option : known) {
            if (option.names().contains(name)) {
                return Optional.of(option);
            }
        }
        return Optional.empty();
    }

    private static boolean isOption(String word, List<Option> known) {
        int equals = word.indexOf('=');
        return word.equals("--")
                || find(equals < 0 ? word : word.substring(0, equals), known).isPresent();
    }

    private static UsageException unknown(String name, List<Option> known) {
        List<String> names = new ArrayList<>();
        known.forEach(option -> names.addAll(option.names()));
        return new UsageException(Spelling.nearest(name, names)
                .map(near -> "there is no option " + name + "; did you mean " + near + "?")
                .orElse("there is no option " + name));
    }

    public boolean has(String option) {
        return options.containsKey(option);
    }

    public Optional<String> value(String option) {
        List<String> given = options.get(option);
        return given == null ? Optional.empty() : Optional.of(given.getLast());
    }

    /** In the order in which they were given. */
    public List<String> values(String option) {
        return options.getOrDefault(option, List.of());
    }

    public List<String> operands() {
        return List.copyOf(operands);
    }
}
