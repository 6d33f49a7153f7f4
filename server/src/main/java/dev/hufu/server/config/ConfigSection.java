package dev.hufu.server.config;

import dev.hufu.server.units.Durations;
import dev.hufu.server.units.Sizes;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The keys below one key, asked for one by one by the record they become. An option of the command line goes before the file;
 * both are looked at. What is wrong is collected, and so is every key that was asked for. Not for several threads.
 */
final class ConfigSection {
    private static final int LONGEST_SHOWN = 60;

    private final Reading reading;
    private final String path;
    private final ConfigNode.@Nullable Mapping mapping;
    private final Set<String> asked = new TreeSet<>();
    private final List<ConfigSection> sections = new ArrayList<>();

    /** An option as given on the command line. */
    record Option(String name, String text) {}

    /** What all sections of one configuration share; options by the path of the key they stand for. */
    record Reading(Path directory, Map<String, Option> options, List<ConfigProblem> problems, Set<String> keys) {}

    /** A value to be read, with what a problem begins with. */
    private record Given(
            ConfigProblem.@Nullable Place place, String name, ConfigNode.@Nullable Kind kind, String text) {}

    /** Reads a text; null where it is none of the kind. */
    private interface Parser<T> {
        @Nullable
        T parse(String text);
    }

    ConfigSection(Reading reading, String path, ConfigNode.@Nullable Mapping mapping) {
        this.reading = reading;
        this.path = path;
        this.mapping = mapping;
    }

    /** The section below a key; empty where it is not there. */
    ConfigSection section(String key) {
        asked.add(key);
        ConfigNode value = value(key);
        ConfigNode.Mapping below = null;
        switch (value) {
            case null -> {}
            case ConfigNode.Mapping found -> below = found;
            case ConfigNode.Scalar other -> problem(other.place(), path(key) + " must be a mapping of keys to values");
            case ConfigNode.Items other -> problem(other.place(), path(key) + " must be a mapping of keys to values");
        }
        ConfigSection section = new ConfigSection(reading, path(key), below);
        sections.add(section);
        return section;
    }

    long number(String key, long absent, long least, long most) {
        String must = "must be a whole number, " + least + " to " + most;
        Long read = read(key, Set.of(ConfigNode.Kind.WHOLE_NUMBER), must, text -> within(text, least, most));
        return read == null ? absent : read;
    }

    Duration duration(String key, Duration absent, Duration least, Duration most) {
        String must = "must be a duration such as 30s, " + shown(least) + " to " + shown(most);
        Duration read = read(
                key,
                Set.of(ConfigNode.Kind.TEXT),
                must,
                text -> Durations.parse(text)
                        .filter(each -> each.compareTo(least) >= 0 && each.compareTo(most) <= 0)
                        .orElse(null));
        return read == null ? absent : read;
    }

    /** In bytes. */
    long size(String key, long absent, long least, long most) {
        String must = "must be a size such as 64KiB or 16MiB, " + least + " to " + most + " bytes";
        Long read = read(key, Set.of(ConfigNode.Kind.TEXT, ConfigNode.Kind.WHOLE_NUMBER), must, text -> {
            OptionalLong size = Sizes.parse(text.isEmpty() || !isDigits(text) ? text : text + "B");
            return size.isPresent() && size.getAsLong() >= least && size.getAsLong() <= most ? size.getAsLong() : null;
        });
        return read == null ? absent : read;
    }

    /** A number that need not be whole. */
    Optional<Double> decimal(String key, double least, double most) {
        String must = "must be a number, " + least + " to " + most;
        return Optional.ofNullable(read(
                key,
                Set.of(ConfigNode.Kind.OTHER_NUMBER, ConfigNode.Kind.WHOLE_NUMBER),
                must,
                text -> text.matches("[0-9]{1,9}(\\.[0-9]{1,9})?")
                                && Double.parseDouble(text) >= least
                                && Double.parseDouble(text) <= most
                        ? Double.valueOf(text)
                        : null));
    }

    boolean flag(String key, boolean absent) {
        Boolean read = read(key, Set.of(ConfigNode.Kind.BOOLEAN), "must be true or false", text -> switch (text) {
            case "true", "True", "TRUE" -> true;
            case "false", "False", "FALSE" -> false;
            default -> null;
        });
        return read == null ? absent : read;
    }

    <E extends Enum<E>> E choice(String key, E absent) {
        Map<String, E> words = Stream.of(absent.getDeclaringClass().getEnumConstants())
                .collect(Collectors.toMap(
                        each -> each.name().toLowerCase(Locale.ROOT),
                        each -> each,
                        (one, _) -> one,
                        LinkedHashMap::new));
        E read = read(
                key, Set.of(ConfigNode.Kind.TEXT), "must be one of " + String.join(", ", words.keySet()), words::get);
        return read == null ? absent : read;
    }

    /** A text that the parser takes; {@code must} says which it does not. */
    <T> Optional<T> text(String key, String must, Function<String, @Nullable T> parser) {
        return Optional.ofNullable(read(key, Set.of(ConfigNode.Kind.TEXT), must, parser::apply));
    }

    /** A path; one that is relative belongs to the file's directory, or as an option to the working directory. */
    Optional<Path> path(String key, boolean directoryOfFile) {
        Path base = directoryOfFile && !reading.options().containsKey(path(key)) ? reading.directory() : Path.of("");
        return text(key, "must be a path", text -> {
            try {
                return text.isEmpty()
                        ? null
                        : base.resolve(text).toAbsolutePath().normalize();
            } catch (InvalidPathException invalid) {
                return null;
            }
        });
    }

    /** Texts that the rule finds nothing wrong with. */
    Set<String> texts(String key, Function<String, @Nullable String> rule) {
        asked.add(key);
        reading.keys().add(path(key));
        Set<String> texts = new TreeSet<>();
        ConfigNode value = value(key);
        if (value == null) {
            return texts;
        }
        if (!(value instanceof ConfigNode.Items items)) {
            problem(value.place(), path(key) + " must be a list of texts");
            return texts;
        }
        for (ConfigNode item : items.items()) {
            if (!(item instanceof ConfigNode.Scalar(var place, var kind, var text)) || kind != ConfigNode.Kind.TEXT) {
                problem(item.place(), path(key) + " must be a list of texts");
                continue;
            }
            String wrong = rule.apply(text);
            if (wrong != null) {
                problem(place, path(key) + " holds " + shown(text) + ", which " + wrong);
            }
            texts.add(text);
        }
        return texts;
    }

    /** Names that the file may choose, each with a word of the enumeration. */
    <E extends Enum<E>> Map<String, E> choices(String key, E any, Function<String, @Nullable String> rule) {
        ConfigSection below = section(key);
        reading.keys().add(path(key));
        Map<String, E> chosen = new LinkedHashMap<>();
        if (below.mapping == null) {
            return chosen;
        }
        below.mapping.entries().forEach((name, entry) -> {
            String wrong = rule.apply(name);
            if (wrong != null) {
                problem(entry.place(), below.path(shown(name)) + " " + wrong);
            }
            int problems = reading.problems().size();
            E choice = below.choice(name, any);
            reading.keys().remove(below.path(name));
            if (reading.problems().size() == problems) {
                chosen.put(name, choice);
            }
        });
        return chosen;
    }

    /** Whether the key, or an option for it, is there. */
    boolean has(String key) {
        return value(key) != null || reading.options().containsKey(path(key));
    }

    /** Something wrong with this section as a whole, or with how its keys fit together. */
    void wrong(String key, String what) {
        Option option = reading.options().get(path(key));
        ConfigNode value = value(key);
        if (option != null) {
            problem(null, option.name() + " " + what);
        } else {
            problem(value != null ? value.place() : place(), path(key) + " " + what);
        }
    }

    /** What is there and was not asked for. */
    void refuseUnknown() {
        if (mapping != null) {
            mapping.entries().forEach((name, entry) -> {
                if (!asked.contains(name)) {
                    String known = asked.isEmpty() ? "" : "; the keys here are " + String.join(", ", asked);
                    problem(entry.place(), path(shown(name)) + " is not a key" + known);
                }
            });
        }
        sections.forEach(ConfigSection::refuseUnknown);
    }

    private ConfigProblem.@Nullable Place place() {
        return mapping == null ? null : mapping.place();
    }

    private <T> @Nullable T read(String key, Set<ConfigNode.Kind> kinds, String must, Parser<T> parser) {
        asked.add(key);
        reading.keys().add(path(key));
        T inFile = null;
        ConfigNode value = value(key);
        switch (value) {
            case null -> {}
            case ConfigNode.Scalar(var place, var kind, var text) ->
                inFile = parse(new Given(place, path(key), kind, text), kinds, must, parser);
            case ConfigNode.Mapping other -> problem(other.place(), path(key) + " " + must + ", not a mapping");
            case ConfigNode.Items other -> problem(other.place(), path(key) + " " + must + ", not a list");
        }
        Option option = reading.options().get(path(key));
        return option == null
                ? inFile
                : parse(new Given(null, option.name(), null, option.text()), kinds, must, parser);
    }

    private <T> @Nullable T parse(Given given, Set<ConfigNode.Kind> kinds, String must, Parser<T> parser) {
        if (given.kind() == ConfigNode.Kind.NOTHING) {
            problem(given.place(), given.name() + " has no value; it " + must);
            return null;
        }
        boolean rightKind = given.kind() == null || kinds.contains(given.kind());
        T parsed = rightKind ? parser.parse(given.text()) : null;
        if (parsed == null) {
            String quote = !rightKind && kinds.contains(ConfigNode.Kind.TEXT) && parser.parse(given.text()) != null
                    ? " (which YAML takes for a number or a truth value; quote it)"
                    : "";
            problem(given.place(), given.name() + " " + must + ", not " + shown(given.text()) + quote);
        }
        return parsed;
    }

    private @Nullable ConfigNode value(String key) {
        ConfigNode.Entry entry = mapping == null ? null : mapping.entries().get(key);
        return entry == null ? null : entry.value();
    }

    private String path(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private void problem(ConfigProblem.@Nullable Place place, String what) {
        reading.problems().add(new ConfigProblem(place, what));
    }

    private static @Nullable Long within(String text, long least, long most) {
        if (text.length() > 18 || !isDigits(text)) {
            return null;
        }
        long number = Long.parseLong(text);
        return number >= least && number <= most ? number : null;
    }

    private static boolean isDigits(String text) {
        return !text.isEmpty() && text.chars().allMatch(each -> each >= '0' && each <= '9');
    }

    /** What was given, so that a terminal shows it and nothing else happens. */
    private static String shown(String text) {
        String cut = text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN) + "…";
        return cut.codePoints()
                .mapToObj(each ->
                        Character.isISOControl(each) ? String.format("\\u%04x", each) : Character.toString(each))
                .collect(Collectors.joining());
    }

    private static String shown(Duration duration) {
        if (duration.toSeconds() % 3_600 != 0) {
            return duration.toSeconds() + "s";
        }
        return duration.toHours() % 24 == 0 ? duration.toDays() + "d" : duration.toHours() + "h";
    }
}
