package dev.hufu.server.config;

import dev.hufu.server.config.ConfigProblem.Place;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLParser;

/**
 * Reads a YAML file into nodes that know their place. Anchors, aliases, tags and further documents are problems: nothing in a
 * configuration needs them, and a few lines of them expand without end. For one file; not for several threads.
 */
final class ConfigFile {
    private static final int LARGEST = 1 << 20;
    private static final int DEEPEST = 16;
    private static final Place START = new Place(1, 1);
    private static final Pattern NAMED_PLACE = Pattern.compile("line (\\d{1,9}), column (\\d{1,9})");

    private final YAMLParser parser;
    private final List<ConfigProblem> problems;
    private @Nullable ConfigNode root;

    private ConfigFile(YAMLParser parser, List<ConfigProblem> problems) {
        this.parser = parser;
        this.problems = problems;
    }

    /** What the file holds, as far as it can be read; an empty file is an empty mapping. */
    static ConfigNode.Mapping read(Path file, List<ConfigProblem> problems) {
        String text = text(file, problems);
        if (text == null || text.isBlank()) {
            return empty();
        }
        try (YAMLParser parser = (YAMLParser) new YAMLFactory().createParser(ObjectReadContext.empty(), text)) {
            ConfigFile reading = new ConfigFile(parser, problems);
            try {
                reading.document();
            } catch (JacksonException malformed) {
                // What came before it is looked at all the same.
                problems.add(new ConfigProblem(
                        place(malformed, parser), "is not YAML: " + explanation(malformed.getOriginalMessage())));
            }
            return reading.mapping();
        }
    }

    private static ConfigNode.Mapping empty() {
        return new ConfigNode.Mapping(START, new LinkedHashMap<>());
    }

    private static @Nullable String text(Path file, List<ConfigProblem> problems) {
        try {
            if (Files.size(file) > LARGEST) {
                problems.add(new ConfigProblem(START, "is larger than " + LARGEST + " bytes"));
                return null;
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
        } catch (CharacterCodingException notText) {
            problems.add(new ConfigProblem(START, "is not valid UTF-8"));
        } catch (NoSuchFileException missing) {
            problems.add(new ConfigProblem(START, "does not exist"));
        } catch (IOException unreadable) {
            problems.add(new ConfigProblem(START, "cannot be read: " + unreadable));
        }
        return null;
    }

    private void document() {
        if (parser.nextToken() == null) {
            return;
        }
        node("", 0, found -> root = found);
        if (parser.nextToken() != null) {
            problems.add(new ConfigProblem(place(), "there must be one document only; a second one begins here"));
        }
    }

    private ConfigNode.Mapping mapping() {
        return switch (root) {
            case null -> empty();
            case ConfigNode.Mapping mapping -> mapping;
            case ConfigNode.Scalar nothing when nothing.kind() == ConfigNode.Kind.NOTHING -> empty();
            case ConfigNode.Items other -> notAMapping(other);
            case ConfigNode.Scalar other -> notAMapping(other);
        };
    }

    private ConfigNode.Mapping notAMapping(ConfigNode other) {
        problems.add(new ConfigProblem(other.place(), "the file must be a mapping of keys to values"));
        return empty();
    }

    /** Reads a value; it is handed on before it is filled, so that it is known as far as it goes. */
    private void node(String path, int depth, Consumer<ConfigNode> found) {
        Place place = place();
        String named = path.isEmpty() ? "the file " : path + " ";
        if (parser.isCurrentAlias()) {
            problems.add(new ConfigProblem(place, named + "uses an alias, which is not allowed here"));
        } else if (parser.getObjectId() != null) {
            problems.add(new ConfigProblem(place, named + "has an anchor, which is not allowed here"));
        }
        if (parser.getTypeId() != null) {
            problems.add(new ConfigProblem(place, named + "has a tag, which is not allowed here"));
        }
        switch (parser.currentToken()) {
            case START_OBJECT -> entries(path, place, depth, found);
            case START_ARRAY -> items(path, place, depth, found);
            case VALUE_NUMBER_INT -> found.accept(scalar(place, ConfigNode.Kind.WHOLE_NUMBER));
            case VALUE_NUMBER_FLOAT -> found.accept(scalar(place, ConfigNode.Kind.OTHER_NUMBER));
            case VALUE_TRUE, VALUE_FALSE -> found.accept(scalar(place, ConfigNode.Kind.BOOLEAN));
            case VALUE_NULL -> found.accept(scalar(place, ConfigNode.Kind.NOTHING));
            default -> found.accept(scalar(place, ConfigNode.Kind.TEXT));
        }
    }

    private ConfigNode scalar(Place place, ConfigNode.Kind kind) {
        return new ConfigNode.Scalar(place, kind, String.valueOf(parser.getString()));
    }

    private boolean tooDeep(String path, Place place, int depth) {
        if (depth < DEEPEST) {
            return false;
        }
        problems.add(new ConfigProblem(place, path + " is nested too deeply"));
        parser.skipChildren();
        return true;
    }

    private void entries(String path, Place place, int depth, Consumer<ConfigNode> found) {
        LinkedHashMap<String, ConfigNode.Entry> entries = new LinkedHashMap<>();
        found.accept(new ConfigNode.Mapping(place, entries));
        if (tooDeep(path, place, depth)) {
            return;
        }
        for (String next = parser.nextName(); next != null; next = parser.nextName()) {
            String name = next;
            Place at = place();
            String below = path.isEmpty() ? name : path + "." + name;
            ConfigNode.Entry earlier = entries.get(name);
            if (earlier != null) {
                problems.add(new ConfigProblem(
                        at,
                        below + " occurs twice; the first is in line "
                                + earlier.place().line()));
            }
            parser.nextToken();
            node(below, depth + 1, value -> entries.putIfAbsent(name, new ConfigNode.Entry(at, value)));
        }
    }

    private void items(String path, Place place, int depth, Consumer<ConfigNode> found) {
        List<ConfigNode> items = new ArrayList<>();
        found.accept(new ConfigNode.Items(place, items));
        if (tooDeep(path, place, depth)) {
            return;
        }
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            node(path + "[" + items.size() + "]", depth + 1, items::add);
        }
    }

    private Place place() {
        return place(parser.currentTokenLocation());
    }

    private static Place place(TokenStreamLocation at) {
        return new Place(Math.max(1, at.getLineNr()), Math.max(1, at.getColumnNr()));
    }

    /** The scanner names the place in its message; the location it gives is that of the token before. */
    private static Place place(JacksonException malformed, YAMLParser parser) {
        Place named = null;
        Matcher places = NAMED_PLACE.matcher(malformed.getOriginalMessage());
        while (places.find()) {
            named = new Place(Integer.parseInt(places.group(1)), Integer.parseInt(places.group(2)));
        }
        TokenStreamLocation at = malformed.getLocation();
        return named != null ? named : place(at == null ? parser.currentTokenLocation() : at);
    }

    /** Without the places, which are told before it, and the lines that show them. */
    private static String explanation(String message) {
        return message.lines()
                .filter(line -> !line.isBlank() && !line.startsWith(" "))
                .collect(Collectors.joining(", "));
    }
}
