package dev.hufu.server.http;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.http.json.Json;
import dev.hufu.server.http.json.RequestErrors;
import dev.hufu.server.run.Refusal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The query of one request: every name known, given once but where more are asked for, decoded strictly. What is wrong is collected under a JSON pointer
 * as if the parameters were the fields of an object. Not for several threads.
 */
final class QueryParameters {
    private final Map<String, String> values = new LinkedHashMap<>();
    private final List<String> repeated = new ArrayList<>();
    private final RequestErrors errors = new RequestErrors();

    QueryParameters(@Nullable String query, Set<String> known) {
        this(query, known, null);
    }

    /** @param repeatable the one name that may be given more than once, apart from those that are known */
    QueryParameters(@Nullable String query, Set<String> known, @Nullable String repeatable) {
        if (query == null || query.isEmpty()) {
            return;
        }
        for (String pair : query.split("&", -1)) {
            int equals = pair.indexOf('=');
            String name = decoded(equals < 0 ? pair : pair.substring(0, equals));
            String value = equals < 0 ? "" : decoded(pair.substring(equals + 1));
            String pointer = pointer(name);
            if (name.equals(repeatable)) {
                repeated.add(value);
            } else if (!known.contains(name)) {
                errors.add(pointer, "is not a parameter of this request");
            } else if (values.putIfAbsent(name, value) != null) {
                errors.add(pointer, "occurs twice");
            }
        }
    }

    @Nullable
    String text(String name) {
        return values.get(name);
    }

    /** A name, of something that is looked up: not empty. */
    @Nullable
    String name(String name) {
        String value = values.get(name);
        if (value != null && value.isEmpty()) {
            reject(name, "must not be empty");
        }
        return value;
    }

    /** One of these, by its name; null where it is not given, or wrong, which is then reported. */
    <E extends Enum<E>> @Nullable E oneOf(String name, E[] all) {
        String value = values.get(name);
        if (value == null) {
            return null;
        }
        for (E each : all) {
            if (each.name().equals(value)) {
                return each;
            }
        }
        reject(name, "must be one of " + List.of(all));
        return null;
    }

    /** The values of the name that may be given more than once. */
    List<String> repeated() {
        return List.copyOf(repeated);
    }

    /** A whole number; {@code absent} where it is not given, or wrong, which is then reported. */
    long number(String name, long least, long most, long absent) {
        String text = values.get(name);
        if (text == null) {
            return absent;
        }
        if (!text.isEmpty() && text.length() <= 19 && text.chars().allMatch(each -> each >= '0' && each <= '9')) {
            try {
                long number = Long.parseLong(text);
                if (number >= least && number <= most) {
                    return number;
                }
            } catch (NumberFormatException _) {
                // 19 digits may be more than a long holds: out of bounds as any other.
            }
        }
        reject(
                name,
                most == Long.MAX_VALUE
                        ? "must be a whole number, at least " + least
                        : "must be a whole number, " + least + " to " + most);
        return absent;
    }

    /** {@code true} or {@code false}, which counts too where it is not given. */
    boolean bool(String name) {
        String text = values.get(name);
        if (text != null && !text.equals("true") && !text.equals("false")) {
            reject(name, "must be \"true\" or \"false\"");
        }
        return "true".equals(text);
    }

    void reject(String name, String detail) {
        errors.add(pointer(name), detail);
    }

    void throwIfWrong() {
        errors.throwIfAny();
    }

    private static String pointer(String name) {
        return "/" + Json.pointerSegment(name);
    }

    private static String decoded(String text) {
        if (text.indexOf('%') < 0 && text.indexOf('+') < 0) {
            return text;
        }
        ByteBuffer bytes = ByteBuffer.allocate(text.length() * 3);
        int at = 0;
        while (at < text.length()) {
            char character = text.charAt(at);
            if (character == '%') {
                bytes.put((byte) (digit(text, at + 1) << 4 | digit(text, at + 2)));
                at += 3;
            } else {
                bytes.put(String.valueOf(character == '+' ? ' ' : character).getBytes(StandardCharsets.UTF_8));
                at++;
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException malformed) {
            throw new Refusal(ErrorKind.INVALID_REQUEST, "The query is not valid UTF-8.");
        }
    }

    private static int digit(String text, int at) {
        int digit = at < text.length() ? Character.digit(text.charAt(at), 16) : -1;
        if (digit < 0) {
            throw new Refusal(ErrorKind.INVALID_REQUEST, "The query has a % that no two hexadecimal digits follow.");
        }
        return digit;
    }
}
