package dev.hufu.server.http.json;

import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** What two bodies have in common that say the same: names sorted, white space and ways of escaping gone. Pure. */
public final class CanonicalJson {
    private CanonicalJson() {}

    /**
     * A fingerprint of a body that has been read before, and found to be one JSON object.
     *
     * @return SHA-256, 64 hexadecimal digits
     */
    public static String fingerprint(byte[] body) {
        MessageDigest digest = sha256();
        try (JsonParser parser = Json.parser(body)) {
            parser.nextToken();
            Json.write(new DigestOutputStream(OutputStream.nullOutputStream(), digest), value(parser));
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static Consumer<JsonGenerator> value(JsonParser parser) {
        JsonToken token = parser.currentToken();
        return switch (token) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> array(parser);
            case VALUE_STRING -> {
                String text = parser.getString();
                yield generator -> generator.writeString(text);
            }
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
                String digits = parser.getString();
                yield generator -> generator.writeNumber(digits);
            }
            case VALUE_TRUE -> generator -> generator.writeBoolean(true);
            case VALUE_FALSE -> generator -> generator.writeBoolean(false);
            case VALUE_NULL -> JsonGenerator::writeNull;
            case NOT_AVAILABLE, END_OBJECT, END_ARRAY, PROPERTY_NAME, VALUE_EMBEDDED_OBJECT ->
                throw new IllegalStateException("no value: " + token);
        };
    }

    private static Consumer<JsonGenerator> object(JsonParser parser) {
        Map<String, Consumer<JsonGenerator>> fields = new TreeMap<>();
        for (String name = parser.nextName(); name != null; name = parser.nextName()) {
            parser.nextToken();
            fields.put(name, value(parser));
        }
        return generator -> {
            generator.writeStartObject();
            fields.forEach((name, value) -> {
                generator.writeName(name);
                value.accept(generator);
            });
            generator.writeEndObject();
        };
    }

    private static Consumer<JsonGenerator> array(JsonParser parser) {
        List<Consumer<JsonGenerator>> elements = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            elements.add(value(parser));
        }
        return generator -> {
            generator.writeStartArray();
            elements.forEach(element -> element.accept(generator));
            generator.writeEndArray();
        };
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JDK has SHA-256", impossible);
        }
    }
}
