package dev.hufu.server.http.json;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.StreamConstraintsException;

/**
 * A body read once, from front to back, collecting what is wrong with it; only text that is not JSON ends the reading.
 * Each reading method expects the parser at a value and leaves it at that value's end. Not for several threads.
 */
public final class JsonInput {
    private static final int LONGEST_MESSAGE = 300;

    private final JsonParser parser;
    private final RequestErrors errors;

    private JsonInput(JsonParser parser, RequestErrors errors) {
        this.parser = parser;
        this.errors = errors;
    }

    /**
     * Reads one object that is the whole body, calling {@code field} at the value of each name.
     *
     * @return whether every field was seen, which text that is not JSON prevents
     */
    public static boolean read(byte[] body, RequestErrors errors, FieldReader field) {
        if (!isUtf8(body)) {
            errors.add("", "is not valid UTF-8");
            return false;
        }
        try (JsonParser parser = Json.parser(body)) {
            JsonInput input = new JsonInput(parser, errors);
            try {
                if (parser.nextToken() == null) {
                    errors.add("", "is empty; a JSON object is needed");
                    return false;
                }
                boolean isObject = input.isObject();
                input.object("", name -> field.read(input, name));
                if (parser.nextToken() != null) {
                    errors.add("", "has more after its end");
                }
                return isObject;
            } catch (StreamConstraintsException tooMuch) {
                errors.add(input.position(), tooMuch(parser));
            } catch (JacksonException malformed) {
                errors.add(input.position(), "is not JSON: " + brief(malformed.getOriginalMessage()));
            }
            return false;
        }
    }

    /** Reads the value of one field. */
    @FunctionalInterface
    public interface FieldReader {
        void read(JsonInput input, String name);
    }

    /** Calls {@code field} at the value of each name, which must occur once. */
    public void object(String pointer, Consumer<String> field) {
        if (!parser.hasToken(JsonToken.START_OBJECT)) {
            wrongType(pointer, "an object");
            return;
        }
        Set<String> seen = new HashSet<>();
        for (String name = parser.nextName(); name != null; name = parser.nextName()) {
            parser.nextToken();
            if (seen.add(name)) {
                field.accept(name);
            } else {
                errors.add(pointer + "/" + Json.pointerSegment(name), "occurs twice");
                parser.skipChildren();
            }
        }
    }

    public boolean isObject() {
        return parser.hasToken(JsonToken.START_OBJECT);
    }

    public boolean isString() {
        return parser.hasToken(JsonToken.VALUE_STRING);
    }

    public boolean isWholeNumber() {
        return parser.hasToken(JsonToken.VALUE_NUMBER_INT);
    }

    /** A string that the rule finds nothing wrong with; null where there is none, which is then reported. */
    public @Nullable String string(String pointer, Function<String, @Nullable String> rule) {
        if (!isString()) {
            wrongType(pointer, "a string");
            return null;
        }
        String text = parser.getString();
        String problem = rule.apply(text);
        if (problem == null) {
            return text;
        }
        errors.add(pointer, problem);
        return null;
    }

    /** True or false; null where it is neither, which is then reported. */
    public @Nullable Boolean flag(String pointer) {
        if (parser.hasToken(JsonToken.VALUE_TRUE) || parser.hasToken(JsonToken.VALUE_FALSE)) {
            return parser.getBooleanValue();
        }
        wrongType(pointer, "true or false");
        return null;
    }

    /** A number; null where it is none, which is then reported. One that is too large for a {@code double} is infinite. */
    public @Nullable Double number(String pointer) {
        if (parser.hasToken(JsonToken.VALUE_NUMBER_INT) || parser.hasToken(JsonToken.VALUE_NUMBER_FLOAT)) {
            return Double.parseDouble(parser.getString());
        }
        wrongType(pointer, "a number");
        return null;
    }

    /** A whole number; null where it is none that a {@code long} holds, which is then reported. */
    public @Nullable Long wholeNumber(String pointer) {
        if (isWholeNumber() && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
            return parser.getLongValue();
        }
        errors.add(pointer, "must be a whole number of at most 18 digits");
        parser.skipChildren();
        return null;
    }

    /** Strings that the rule finds nothing wrong with; null where there is no such list, which is then reported. */
    public @Nullable List<String> strings(String pointer, int maximum, Function<String, @Nullable String> rule) {
        if (!parser.hasToken(JsonToken.START_ARRAY)) {
            wrongType(pointer, "an array of strings");
            return null;
        }
        List<String> strings = new ArrayList<>();
        int count = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (count == maximum) {
                errors.add(pointer, "has more than " + maximum + " elements");
                skipRestOfArray();
                return null;
            }
            readElement(pointer, count, rule, strings);
            count++;
        }
        return strings.size() == count ? strings : null;
    }

    private void readElement(String pointer, int index, Function<String, @Nullable String> rule, List<String> strings) {
        if (!isString()) {
            wrongType(pointer + "/" + index, "a string");
            return;
        }
        String text = parser.getString();
        String problem = rule.apply(text);
        if (problem == null) {
            strings.add(text);
        } else {
            errors.add(pointer + "/" + index, problem);
        }
    }

    private void skipRestOfArray() {
        do {
            parser.skipChildren();
        } while (parser.nextToken() != JsonToken.END_ARRAY);
    }

    public void unknown(String pointer) {
        errors.add(pointer, "is not a field of this request");
        parser.skipChildren();
    }

    public void wrongType(String pointer, String expected) {
        errors.add(pointer, "must be " + expected);
        parser.skipChildren();
    }

    public void skip() {
        parser.skipChildren();
    }

    private String position() {
        return parser.streamReadContext().pathAsPointer().toString();
    }

    private static String tooMuch(JsonParser parser) {
        return parser.streamReadContext().getNestingDepth() >= Json.MAXIMUM_DEPTH
                ? "is nested more than " + Json.MAXIMUM_DEPTH + " deep"
                : "has a number or a name that is too long";
    }

    /** Without what it tells programmers of this parser. */
    private static String brief(String whole) {
        String message = whole.replaceFirst("(?s): (enable `|maybe a |was expecting ).*", "");
        return message.length() <= LONGEST_MESSAGE ? message : message.substring(0, LONGEST_MESSAGE) + "…";
    }

    /** The parser is lenient about overlong forms and encoded surrogates, and takes other encodings by their NULs. */
    private static boolean isUtf8(byte[] body) {
        boolean ascii = true;
        for (byte each : body) {
            if (each <= 0) {
                ascii = false;
                if (each == 0) {
                    return false;
                }
            }
        }
        if (ascii) {
            return true;
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
            return true;
        } catch (CharacterCodingException malformed) {
            return false;
        }
    }
}
