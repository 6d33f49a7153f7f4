package dev.hufu.contract;

import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes values that a schema of the document allows, by chance. Commands are harmless ones. A schema that gives too little to
 * go by wants {@code examples}, and fails.
 */
final class ValidValues {
    private static final List<List<String>> COMMANDS = List.of(
            List.of("true"),
            List.of("/bin/true"),
            List.of("echo", "hello", "wörld \ud83d\ude00", "", "-n", "$(x)"),
            List.of("sleep", "0"),
            List.of("no-such-program-anywhere"));

    private static final List<String> WORDS = List.of(
            "", "a", "two words", "grüße \ud83d\ude00", "日本語", "-rf", "$(x) `y` \"'\\", "a\tb\nc", "%s%n", "../..");

    private static final List<String> NAMES = List.of("A", "a.b", "x-1", "ünï", "with space", "N_0", "/", "~", "\"");

    private final JsonNode document;
    private final RandomGenerator random;

    ValidValues(JsonNode document, RandomGenerator random) {
        this.document = document;
        this.random = random;
    }

    private <T> T any(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    boolean isArray(String at) {
        return document.at(at).path("type").asString("").equals("array");
    }

    JsonNode value(String at) {
        String name = at.substring(at.lastIndexOf('/') + 1);
        return switch (name) {
            case "argv" -> strings(any(COMMANDS));
            case "interpreter" -> strings(List.of("/bin/sh"));
            case "script" -> text(any(List.of("true", ": ", "exit 3", "echo \"$@\" ünï\n", "")));
            // Few and soon: requests wait for the end of what they order.
            case "maxAttempts" -> JsonNodeFactory.instance.numberNode(random.nextInt(1, 4));
            case "backoff" -> text(any(List.of("0s", "20ms")));
            default -> bySchema(at);
        };
    }

    private JsonNode bySchema(String at) {
        JsonNode schema = document.at(at);
        for (String list : List.of("examples", "enum")) {
            if (schema.has(list)) {
                return schema.get(list).get(random.nextInt(schema.get(list).size()));
            }
        }
        if (schema.has("const")) {
            return schema.get("const");
        }
        if (schema.has("$ref")) {
            return bySchema(schema.get("$ref").asString().substring(1));
        }
        for (String choice : List.of("oneOf", "anyOf")) {
            if (schema.has(choice)) {
                return value(at + "/" + choice + "/"
                        + random.nextInt(schema.get(choice).size()));
            }
        }
        JsonNode type = schema.path("type");
        return switch (type.isArray() ? type.get(0).asString() : type.asString()) {
            case "string" -> string(schema, at);
            case "integer" -> JsonNodeFactory.instance.numberNode(integer(schema));
            case "number" -> JsonNodeFactory.instance.numberNode(1.5);
            case "boolean" -> JsonNodeFactory.instance.booleanNode(random.nextBoolean());
            case "null" -> JsonNodeFactory.instance.nullNode();
            case "array" -> array(schema, at);
            case "object" -> object(schema, at);
            default -> throw new AssertionError("no value can be made for " + at + ": " + schema);
        };
    }

    private long integer(JsonNode schema) {
        long least = schema.path("minimum").asLong(0);
        long most = Math.min(schema.path("maximum").asLong(least + 1_000), least + 1_000_000);
        return random.nextInt(4) == 0 ? least : random.nextLong(least, most + 1);
    }

    private JsonNode string(JsonNode schema, String at) {
        if (schema.path("contentEncoding").asString("").equals("base64")) {
            byte[] bytes = new byte[random.nextInt(64)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) random.nextInt(256);
            }
            return text(Base64.getEncoder().encodeToString(bytes));
        }
        if (schema.path("format").asString("").equals("date-time")) {
            return text("2026-01-02T03:04:05.678Z");
        }
        List<String> fitting = fitting(WORDS, schema);
        if (fitting.isEmpty()) {
            throw new AssertionError("nothing that is known here fits; examples are wanted: " + at);
        }
        return text(any(fitting));
    }

    private static List<String> fitting(List<String> texts, JsonNode schema) {
        return texts.stream()
                .filter(text -> text.length() >= schema.path("minLength").asInt(0))
                .filter(text -> text.length() <= schema.path("maxLength").asInt(Integer.MAX_VALUE))
                .filter(text -> !schema.has("pattern")
                        || StrictSchema.matches(schema.get("pattern").asString(), text))
                .toList();
    }

    private JsonNode array(JsonNode schema, String at) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        int least = schema.path("minItems").asInt(0);
        int count = Math.max(least, random.nextInt(4));
        Set<JsonNode> items = new LinkedHashSet<>();
        for (int i = 0; i < count; i++) {
            JsonNode item = value(at + "/items");
            if (items.add(item) || !schema.path("uniqueItems").asBoolean(false)) {
                array.add(item);
            }
        }
        return array;
    }

    private JsonNode object(JsonNode schema, String at) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        List<String> required = new ArrayList<>();
        schema.path("required").forEach(each -> required.add(each.asString()));
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            String name = property.getKey();
            if (required.contains(name) || random.nextInt(3) == 0) {
                object.set(name, value(at + "/properties/" + StrictSchema.segment(name)));
            }
        }
        if (schema.path("additionalProperties").isObject()) {
            int count = random.nextInt(3);
            for (int i = 0; i < count; i++) {
                object.set(any(fitting(NAMES, schema.path("propertyNames"))), value(at + "/additionalProperties"));
            }
        }
        return object;
    }

    static JsonNode text(String text) {
        return JsonNodeFactory.instance.stringNode(text);
    }

    private static JsonNode strings(List<String> texts) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        texts.forEach(array::add);
        return array;
    }
}
