package dev.hufu.server.http.header;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The W3C trace context of one request: the caller's trace continued with a span of our own, or a new trace.
 *
 * @param traceId 32 hexadecimal digits
 * @param traceparent what the processes of this request continue
 */
public record TraceContext(String traceId, String traceparent) {
    public static final String HEADER = "traceparent";

    private static final int LENGTH = 55;

    public static TraceContext continuing(@Nullable String header) {
        if (header == null || !isValid(header)) {
            String traceId = hex(nonZero()) + hex(nonZero());
            return new TraceContext(traceId, "00-" + traceId + "-" + hex(nonZero()) + "-01");
        }
        String traceId = header.substring(3, 35);
        return new TraceContext(traceId, "00-" + traceId + "-" + hex(nonZero()) + "-" + header.substring(53, LENGTH));
    }

    private static boolean isValid(String header) {
        if (header.length() < LENGTH
                || header.charAt(2) != '-'
                || header.charAt(35) != '-'
                || header.charAt(52) != '-') {
            return false;
        }
        boolean longer = header.length() > LENGTH;
        if (longer && (header.startsWith("00") || header.charAt(LENGTH) != '-')) {
            return false;
        }
        return !header.startsWith("ff")
                && isHex(header, 0, 2)
                && isHex(header, 3, 35)
                && isHex(header, 36, 52)
                && isHex(header, 53, LENGTH)
                && !isZero(header, 3, 35)
                && !isZero(header, 36, 52);
    }

    private static boolean isHex(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            char digit = text.charAt(i);
            if ((digit < '0' || digit > '9') && (digit < 'a' || digit > 'f')) {
                return false;
            }
        }
        return true;
    }

    private static boolean isZero(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text.charAt(i) != '0') {
                return false;
            }
        }
        return true;
    }

    /** Trace ids need to be unlike each other, not secret. */
    private static long nonZero() {
        long bits = ThreadLocalRandom.current().nextLong();
        return bits == 0 ? 1 : bits;
    }

    private static String hex(long bits) {
        return HexFormat.of().toHexDigits(bits);
    }
}
