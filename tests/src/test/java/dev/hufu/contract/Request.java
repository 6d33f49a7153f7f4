package dev.hufu.contract;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request as it goes over the wire, well-formed or not: nothing is checked, escaped or added except the length.
 *
 * @param target path and query, as they are sent
 * @param headers in order; names may occur several times
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares requests
record Request(String method, String target, List<Map.Entry<String, String>> headers, byte @Nullable [] body) {
    static Request of(String method, String target) {
        return new Request(method, target, List.of(Map.entry("Host", "localhost")), null);
    }

    Request with(String name, String value) {
        List<Map.Entry<String, String>> more = new ArrayList<>(headers);
        more.add(Map.entry(name, value));
        return new Request(method, target, List.copyOf(more), body);
    }

    Request bearing(String token) {
        return with("Authorization", "Bearer " + token);
    }

    Request json(String text) {
        return with("Content-Type", "application/json").body(text.getBytes(StandardCharsets.UTF_8));
    }

    Request body(byte[] bytes) {
        return new Request(method, target, headers, bytes);
    }

    /** Header values go out as UTF-8, so that what is no ASCII arrives as such. */
    byte[] bytes() {
        StringBuilder head = new StringBuilder();
        head.append(method).append(' ').append(target).append(" HTTP/1.1\r\n");
        boolean lengthGiven = false;
        for (Map.Entry<String, String> header : headers) {
            head.append(header.getKey()).append(": ").append(header.getValue()).append("\r\n");
            lengthGiven |= header.getKey().equalsIgnoreCase("Content-Length")
                    || header.getKey().equalsIgnoreCase("Transfer-Encoding");
        }
        byte[] content = body == null ? new byte[0] : body;
        if (!lengthGiven && (content.length > 0 || method.equals("POST"))) {
            head.append("Content-Length: ").append(content.length).append("\r\n");
        }
        head.append("Connection: close\r\n\r\n");
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(head.toString().getBytes(StandardCharsets.UTF_8));
        all.writeBytes(content);
        return all.toByteArray();
    }

    @Override
    public String toString() {
        String text = new String(bytes(), StandardCharsets.UTF_8).replaceAll("Bearer \\S+", "Bearer …");
        return text.length() <= 2_000 ? text : text.substring(0, 2_000) + "… (" + text.length() + " characters)";
    }
}
