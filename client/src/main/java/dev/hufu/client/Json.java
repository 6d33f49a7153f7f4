package dev.hufu.client;

import dev.hufu.protocol.json.JsonValues;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * A JSON object of an answer, read by hand: what a newer server adds is not looked at, and what is missing is named with
 * its place. By hand and not by binding records, because that doubles the start of a short command.
 */
final class Json {
    private final Map<?, ?> members;
    private final String place;

    private Json(Map<?, ?> members, String place) {
        this.members = members;
        this.place = place;
    }

    /** @throws HufuException.Unintelligible when the bytes are not one JSON object */
    static Json object(byte[] bytes) {
        try {
            if (JsonValues.read(bytes) instanceof Map<?, ?> members) {
                return new Json(members, "");
            }
        } catch (JacksonException malformed) {
            throw new HufuException.Unintelligible("The answer is not JSON: is this a Hufu server?", malformed);
        }
        throw new HufuException.Unintelligible("The answer is not a JSON object: is this a Hufu server?", null);
    }

    <T> T required(String name, Function<String, T> parse) {
        T value = optional(name, parse);
        if (value == null) {
            throw amiss(name, "is missing");
        }
        return value;
    }

    <T> @Nullable T optional(String name, Function<String, T> parse) {
        Object value = members.get(name);
        if (value == null) {
            return null;
        }
        if (!(value instanceof String text)) {
            throw amiss(name, "is not text");
        }
        try {
            return parse.apply(text);
        } catch (IllegalArgumentException | DateTimeException unknown) {
            throw amiss(name, "has a value that this client does not know");
        }
    }

    String text(String name) {
        return required(name, Function.identity());
    }

    @Nullable
    String optionalText(String name) {
        return optional(name, Function.identity());
    }

    @Nullable
    Instant optionalInstant(String name) {
        return optional(name, Instant::parse);
    }

    long number(String name) {
        Object value = members.get(name);
        if (!(value instanceof Long number)) {
            throw amiss(name, value == null ? "is missing" : "is not a whole number");
        }
        return number;
    }

    int integer(String name) {
        long value = number(name);
        if (value != (int) value) {
            throw amiss(name, "is too large");
        }
        return (int) value;
    }

    @Nullable
    Integer optionalInteger(String name) {
        return present(name) ? integer(name) : null;
    }

    boolean flag(String name) {
        Object value = members.get(name);
        if (!(value instanceof Boolean truth)) {
            throw amiss(name, value == null ? "is missing" : "is neither true nor false");
        }
        return truth;
    }

    boolean present(String name) {
        return members.get(name) != null;
    }

    <T> @Nullable T optionalObject(String name, Function<Json, T> read) {
        return present(name) ? within(name, read) : null;
    }

    <T> T within(String name, Function<Json, T> read) {
        Object value = members.get(name);
        if (!(value instanceof Map<?, ?> object)) {
            throw amiss(name, value == null ? "is missing" : "is not an object");
        }
        return read.apply(new Json(object, place + "/" + name));
    }

    /** Values of any kind as text: themselves where they are text, else their JSON. */
    Map<String, String> anyMap(String name) {
        Map<String, String> map = new LinkedHashMap<>();
        optionalObject(name, entries -> {
            entries.members.forEach((key, value) -> map.put(
                    String.valueOf(key),
                    value instanceof String text ? text : new String(JsonValues.bytes(value), StandardCharsets.UTF_8)));
            return map;
        });
        return map;
    }

    /** The objects of an array; none where it is absent. */
    <T> List<T> objects(String name, Function<Json, T> read) {
        List<T> items = new ArrayList<>();
        for (Object item : array(name)) {
            if (!(item instanceof Map<?, ?> object)) {
                throw amiss(name + "/" + items.size(), "is not an object");
            }
            items.add(read.apply(new Json(object, place + "/" + name + "/" + items.size())));
        }
        return items;
    }

    List<String> texts(String name) {
        List<String> items = new ArrayList<>();
        for (Object item : array(name)) {
            if (!(item instanceof String text)) {
                throw amiss(name + "/" + items.size(), "is not text");
            }
            items.add(text);
        }
        return items;
    }

    Map<String, String> textMap(String name) {
        Map<String, String> map = new LinkedHashMap<>();
        optionalObject(name, entries -> {
            entries.names().forEach(key -> map.put(key, entries.text(key)));
            return map;
        });
        return map;
    }

    Map<String, Long> numberMap(String name) {
        Map<String, Long> map = new LinkedHashMap<>();
        optionalObject(name, entries -> {
            entries.names().forEach(key -> map.put(key, entries.number(key)));
            return map;
        });
        return map;
    }

    private List<String> names() {
        return members.keySet().stream().map(String::valueOf).toList();
    }

    private List<?> array(String name) {
        Object value = members.get(name);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof List<?> array)) {
            throw amiss(name, "is not a list");
        }
        return array;
    }

    private HufuException amiss(String name, String what) {
        return new HufuException.Unintelligible(
                "The answer is not what this client understands: " + place + "/" + name + " " + what + ".", null);
    }
}
