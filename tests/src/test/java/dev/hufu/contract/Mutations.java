package dev.hufu.contract;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Makes something wrong of something right, by chance. No text in here is a program or does harm as a script. */
final class Mutations {
    static final List<String> HOSTILE = List.of(
            "",
            " ",
            "\0",
            "a\0b",
            "\u001b[31m",
            "\r\nSet-Cookie: x=1",
            "ünï\ud83d\ude00\u202e",
            "-1",
            "0",
            "NaN",
            "9223372036854775808",
            "1e400",
            "0ms",
            "99999999999d",
            "1h-1m",
            "../../etc/passwd",
            "%00",
            "' or '1'='1",
            "<script>alert(1)</script>",
            "x".repeat(300),
            "none",
            "null");

    /** JSON that no tree of values can hold, or none at all; stands in the text where the placeholder was. */
    private static final List<String> RAW = List.of(
            "1e400",
            "-1e400",
            "9223372036854775808",
            "-0",
            "0.1e1",
            "1.0",
            "NaN",
            "Infinity",
            "01",
            "+1",
            "0x10",
            "1" + "0".repeat(10_000),
            "'single'",
            "\"\\ud800\"",
            "\"\\u0000\"",
            "\"\\x\"",
            "undefined",
            "// no comment",
            "{\"a\":1,\"a\":2}",
            "{\"argv\":[\"true\"],\"argv\":[\"true\"]}",
            "[1,]",
            "{,}",
            "[".repeat(100) + "]".repeat(100),
            "{\"a\":".repeat(5_000),
            "[".repeat(100_000));

    private static final String PLACEHOLDER = "placeholder-of-a-raw-value";

    private final RandomGenerator random;

    Mutations(RandomGenerator random) {
        this.random = random;
    }

    <T> T any(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    /** The text of a body with one or a few things wrong in it, or perhaps none. */
    byte[] body(JsonNode good) {
        JsonNode tree = good.deepCopy();
        boolean raw = random.nextInt(4) == 0;
        for (int i = 0; i <= random.nextInt(3); i++) {
            tree = changed(tree, raw);
        }
        String text = tree.toString();
        if (raw) {
            text = text.replace("\"" + PLACEHOLDER + "\"", any(RAW));
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return random.nextInt(4) == 0 ? damaged(bytes) : bytes;
    }

    private byte[] damaged(byte[] bytes) {
        return switch (random.nextInt(6)) {
            case 0 -> Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
            case 1 -> with(bytes, (byte) 0xff);
            case 2 -> with(bytes, (byte) 0);
            case 3 ->
                (new String(bytes, StandardCharsets.UTF_8) + any(List.of("{}", "x", ",", "]", " 1", "\0")))
                        .getBytes(StandardCharsets.UTF_8);
            case 4 ->
                new String(bytes, StandardCharsets.UTF_8)
                        .getBytes(any(List.of(
                                StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE, StandardCharsets.UTF_16)));
            default -> with(bytes, (byte) "{}[]\",:\\".charAt(random.nextInt(8)));
        };
    }

    private byte[] with(byte[] bytes, byte wrong) {
        byte[] copy = bytes.clone();
        if (copy.length > 0) {
            copy[random.nextInt(copy.length)] = wrong;
        }
        return copy;
    }

    private JsonNode wrongValue(boolean raw) {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        return switch (random.nextInt(raw ? 4 : 10)) {
            case 0, 1, 2, 3 -> raw ? nodes.stringNode(PLACEHOLDER) : nodes.stringNode(any(HOSTILE));
            case 4 -> nodes.nullNode();
            case 5 -> nodes.booleanNode(random.nextBoolean());
            case 6 -> nodes.numberNode(any(List.of(0L, -1L, 1L, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE)));
            case 7 -> nodes.numberNode(0.5);
            case 8 -> nodes.arrayNode();
            default -> nodes.objectNode();
        };
    }

    /** Replaces, removes or adds at one place, which may be the whole. */
    private JsonNode changed(JsonNode tree, boolean raw) {
        List<JsonNode> places = new ArrayList<>();
        containers(tree, places);
        if (places.isEmpty() || random.nextInt(20) == 0) {
            return wrongValue(raw);
        }
        switch (any(places)) {
            case ObjectNode object -> change(object, raw);
            case ArrayNode array -> change(array, raw);
            case JsonNode other -> throw new IllegalStateException("no container: " + other);
        }
        return tree;
    }

    private void change(ObjectNode object, boolean raw) {
        List<String> names = new ArrayList<>(object.propertyNames());
        int way = random.nextInt(4);
        if (names.isEmpty() || way == 0) {
            object.set(
                    any(List.of("undocumented", "", "a/b~c", "\0", "LD_PRELOAD", "HUFU_X", "A=B", "timeuot")),
                    wrongValue(raw));
        } else if (way == 1) {
            object.remove(any(names));
        } else {
            object.set(any(names), wrongValue(raw));
        }
    }

    private void change(ArrayNode array, boolean raw) {
        switch (array.isEmpty() ? 0 : random.nextInt(3)) {
            case 0 -> array.add(wrongValue(raw));
            case 1 -> array.remove(random.nextInt(array.size()));
            default -> array.set(random.nextInt(array.size()), wrongValue(raw));
        }
    }

    private static void containers(JsonNode node, List<JsonNode> found) {
        if (node.isContainer()) {
            found.add(node);
            node.values().forEach(each -> containers(each, found));
        }
    }

    String query(String good) {
        return switch (random.nextInt(8)) {
            case 0, 1, 2 -> Drive.encoded(any(HOSTILE));
            case 3 -> good + good;
            case 4 -> "%zz";
            case 5 -> "%ff%fe";
            case 6 -> "1000000000";
            default -> "a+b%20c&&&=&";
        };
    }

    String id(String good) {
        return switch (random.nextInt(12)) {
            case 0 -> "..";
            case 1 -> "%2e%2e";
            case 2 -> "..%2F..%2Fadmin.token";
            case 3 -> good + "%2F";
            case 4 -> good + ";x=1";
            case 5 -> good.substring(0, good.length() / 2);
            case 6 -> good + "0";
            case 7 -> good.toUpperCase(Locale.ROOT);
            case 8 -> "%00" + good;
            case 9 -> good + ".-1";
            case 10 -> "x".repeat(2_000);
            default -> Drive.encoded(any(HOSTILE)) + "x";
        };
    }
}
