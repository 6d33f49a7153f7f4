package dev.hufu.exec.internal;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The bytes by which the system knows a path, whatever the locale the JVM was started in. */
final class PathBytes {
    private PathBytes() {}

    static byte[] of(Path path) {
        String text = path.toString();
        if (isAscii(text)) {
            return text.getBytes(StandardCharsets.US_ASCII);
        }
        // A path's text is lossy where its bytes do not decode in the JVM's locale; its URI keeps every byte.
        String escaped = path.toUri().getRawPath();
        if (escaped.length() > 1 && escaped.endsWith("/")) {
            escaped = escaped.substring(0, escaped.length() - 1);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(escaped.length());
        for (int at = 0; at < escaped.length(); at++) {
            char letter = escaped.charAt(at);
            if (letter == '%') {
                bytes.write(Integer.parseInt(escaped, at + 1, at + 3, 16));
                at += 2;
            } else {
                bytes.write(letter);
            }
        }
        return bytes.toByteArray();
    }

    private static boolean isAscii(String text) {
        for (int at = 0; at < text.length(); at++) {
            if (text.charAt(at) >= 128) {
                return false;
            }
        }
        return true;
    }
}
