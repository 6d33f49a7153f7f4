package dev.hufu.contract;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * An answer as it came over the wire.
 *
 * @param headers in order, names in lower case
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares answers
record Reply(int status, List<Map.Entry<String, String>> headers, byte[] body) {
    /** JSON as strictly as the contract reads it. */
    static final JsonMapper STRICT = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** The value of the header that occurs first; empty where there is none. */
    String header(String name) {
        return headers.stream()
                .filter(each -> each.getKey().equals(name.toLowerCase(Locale.ROOT)))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse("");
    }

    String mediaType() {
        return header("Content-Type").split(";", 2)[0].strip();
    }

    JsonNode json() {
        return STRICT.readTree(body);
    }

    String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        String text = text();
        return status + " " + headers + " " + (text.length() <= 2_000 ? text : text.substring(0, 2_000) + "…");
    }
}
