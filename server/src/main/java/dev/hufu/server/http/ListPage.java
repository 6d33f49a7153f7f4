package dev.hufu.server.http;

import dev.hufu.server.http.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/**
 * The page of a list that a request asks for, the same for every list. Its cursor says nothing to its holder, and fits only
 * the list that it came from.
 *
 * @param list everything that makes the list what it is
 * @param after the position of the last item of the page before; null to begin at the beginning
 */
record ListPage(String list, int limit, @Nullable String after) {
    static final String LIMIT = "limit";
    static final String CURSOR = "cursor";

    private static final int DEFAULT_LIMIT = 50;
    private static final int MAXIMUM_LIMIT = 500;

    /**
     * What is wrong with the parameters is left for the query to say.
     *
     * @param isPosition whether something can be a position in this list
     */
    static ListPage asked(QueryParameters query, String list, Predicate<String> isPosition) {
        int limit = (int) query.number(LIMIT, 1, MAXIMUM_LIMIT, DEFAULT_LIMIT);
        String cursor = query.text(CURSOR);
        Optional<String> after =
                cursor == null ? Optional.empty() : position(list, cursor).filter(isPosition);
        if (cursor != null && after.isEmpty()) {
            query.reject(CURSOR, "is not a cursor of this list");
        }
        return new ListPage(list, limit, after.orElse(null));
    }

    /** @param last the position of the last item, where more come after it; null at the end */
    <T> void answer(Exchange exchange, List<T> items, BiConsumer<JsonGenerator, T> view, @Nullable String last)
            throws IOException {
        exchange.json(200, Json.write(generator -> {
            generator.writeStartObject();
            generator.writeArrayPropertyStart("items");
            items.forEach(item -> view.accept(generator, item));
            generator.writeEndArray();
            Json.text(generator, "nextCursor", last == null ? null : cursor(list, last));
            generator.writeEndObject();
        }));
    }

    private static String cursor(String list, String position) {
        byte[] text = position.getBytes(StandardCharsets.UTF_8);
        CRC32C check = new CRC32C();
        check.update((list + "\n" + position).getBytes(StandardCharsets.UTF_8));
        byte[] bytes = ByteBuffer.allocate(Integer.BYTES + text.length)
                .putInt((int) check.getValue())
                .put(text)
                .array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static Optional<String> position(String list, String cursor) {
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(cursor);
        } catch (IllegalArgumentException malformed) {
            return Optional.empty();
        }
        if (bytes.length <= Integer.BYTES) {
            return Optional.empty();
        }
        String position = new String(Arrays.copyOfRange(bytes, Integer.BYTES, bytes.length), StandardCharsets.UTF_8);
        // Compared as text, so that bits which the encoding leaves unused count as well.
        return cursor(list, position).equals(cursor) ? Optional.of(position) : Optional.empty();
    }
}
