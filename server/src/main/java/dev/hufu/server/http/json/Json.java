package dev.hufu.server.http.json;

import dev.hufu.protocol.RunId;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/** JSON as this API reads and writes it: UTF-8 bytes, bounded in depth and length, times with milliseconds. */
public final class Json {
    static final int MAXIMUM_DEPTH = 64;

    private static final int MAXIMUM_NUMBER_LENGTH = 100;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAXIMUM_DEPTH)
                    .maxNumberLength(MAXIMUM_NUMBER_LENGTH)
                    .maxNameLength(TextRules.LONGEST_ARGUMENT_BYTES)
                    .build())
            .build();

    private Json() {}

    public static JsonParser parser(byte[] text) {
        return FACTORY.createParser(ObjectReadContext.empty(), text);
    }

    public static byte[] write(Consumer<JsonGenerator> content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1_024);
        write(bytes, content);
        return bytes.toByteArray();
    }

    public static void write(OutputStream target, Consumer<JsonGenerator> content) {
        try (JsonGenerator generator = FACTORY.createGenerator(ObjectWriteContext.empty(), target)) {
            content.accept(generator);
        }
    }

    public static void text(JsonGenerator generator, String name, @Nullable String value) {
        generator.writeName(name);
        if (value == null) {
            generator.writeNull();
        } else {
            generator.writeString(value);
        }
    }

    public static void time(JsonGenerator generator, String name, @Nullable Instant value) {
        text(generator, name, value == null ? null : timeText(value));
    }

    public static String timeText(Instant value) {
        return TIME.format(value);
    }

    public static void id(JsonGenerator generator, String name, @Nullable RunId value) {
        text(generator, name, value == null ? null : value.value());
    }

    /** A name as one segment of a JSON pointer. */
    public static String pointerSegment(String name) {
        return name.indexOf('~') < 0 && name.indexOf('/') < 0
                ? name
                : name.replace("~", "~0").replace("/", "~1");
    }
}
