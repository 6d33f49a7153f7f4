package dev.hufu.client;

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
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * A JSON object of an answer, read by hand: what a newer server adds is not looked at, and what is missing is named with
 * its place. Trees and not bound records, because binding doubles the start of a short command.
 */
final class Json {
    private final JsonNode node;
    private final String place;

    private Json(JsonNode node, String place) {
        this.node = node;
        this.place = place;
    }

    static byte[] bytes(JsonNode node) {
        return JsonTrees.bytes(node);
    }

    /** @throws HufuException.Unintelligible when the bytes are not one JSON object */
    static Json object(byte[] bytes) {
        try {
            JsonNode node = JsonTrees.read(bytes);
            if (node.isObject()) {
                return new Json(node, "");
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
        JsonNode value = node.get(name);
        if (value == null || value.isNull()) {
            return null;
        }
        if (!value.isString()) {
            throw amiss(name, "is not text");
        }
        try {
            return parse.apply(value.stringValue());
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
        JsonNode value = node.get(name);
        if (value == null || !value.isIntegralNumber() || !value.canConvertToLong()) {
            throw amiss(name, value == null || value.isNull() ? "is missing" : "is not a whole number");
        }
        return value.longValue();
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
        JsonNode value = node.get(name);
        if (value == null || !value.isBoolean()) {
            throw amiss(name, value == null || value.isNull() ? "is missing" : "is neither true nor false");
        }
        return value.booleanValue();
    }

    boolean present(String name) {
        JsonNode value = node.get(name);
        return value != null && !value.isNull();
    }

    <T> @Nullable T optionalObject(String name, Function<Json, T> read) {
        JsonNode value = node.get(name);
        if (value == null || value.isNull()) {
            return null;
        }
        if (!value.isObject()) {
            throw amiss(name, "is not an object");
        }
        return read.apply(new Json(value, place + "/" + name));
    }

    <T> T within(String name, Function<Json, T> read) {
        JsonNode value = node.get(name);
        if (value == null || !value.isObject()) {
            throw amiss(name, value == null || value.isNull() ? "is missing" : "is not an object");
        }
        return read.apply(new Json(value, place + "/" + name));
    }

    /** Values of any kind as text: themselves where they are text, else their JSON. */
    Map<String, String> anyMap(String name) {
        Map<String, String> map = new LinkedHashMap<>();
        optionalObject(name, entries -> {
            entries.node.forEachEntry((key, value) -> map.put(
                    key,
                    value.isString()
                            ? value.stringValue()
                            : new String(JsonTrees.bytes(value), StandardCharsets.UTF_8)));
            return map;
        });
        return map;
    }

    /** The objects of an array; none where it is absent. */
    <T> List<T> objects(String name, Function<Json, T> read) {
        List<T> items = new ArrayList<>();
        for (JsonNode item : array(name)) {
            if (!item.isObject()) {
                throw amiss(name + "/" + items.size(), "is not an object");
            }
            items.add(read.apply(new Json(item, place + "/" + name + "/" + items.size())));
        }
        return items;
    }

    List<String> texts(String name) {
        List<String> items = new ArrayList<>();
        for (JsonNode item : array(name)) {
            if (!item.isString()) {
                throw amiss(name + "/" + items.size(), "is not text");
            }
            items.add(item.stringValue());
        }
        return items;
    }

    Map<String, String> textMap(String name) {
        Map<String, String> map = new LinkedHashMap<>();
        optionalObject(name, entries -> {
            entries.node.propertyNames().forEach(key -> map.put(key, entries.text(key)));
            return map;
        });
        return map;
    }

    Map<String, Long> numberMap(String name) {
        Map<String, Long> map = new LinkedHashMap<>();
        optionalObject(name, entries -> {
            entries.node.propertyNames().forEach(key -> map.put(key, entries.number(key)));
            return map;
        });
        return map;
    }

    private JsonNode array(String name) {
        JsonNode value = node.get(name);
        if (value == null || value.isNull()) {
            return JsonNodeFactory.instance.arrayNode();
        }
        if (!value.isArray()) {
            throw amiss(name, "is not a list");
        }
        return value;
    }

    private HufuException amiss(String name, String what) {
        return new HufuException.Unintelligible(
                "The answer is not what this client understands: " + place + "/" + name + " " + what + ".", null);
    }
}
