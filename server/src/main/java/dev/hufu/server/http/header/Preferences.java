package dev.hufu.server.http.header;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.run.Refusal;
import java.time.Duration;
import java.util.Enumeration;
import java.util.Optional;

/** What a caller prefers (RFC 7240). Preferences other than {@code wait} are left to those who know them. */
public final class Preferences {
    private static final int LONGEST_WAIT_SECONDS = 60;

    private static final String WAIT = "wait";

    private Preferences() {}

    /** For how long to wait for the end, if at all. */
    public static Optional<Duration> wait(Enumeration<String> headers) {
        while (headers.hasMoreElements()) {
            for (String preference : headers.nextElement().split(",", -1)) {
                int equals = preference.indexOf('=');
                String name = (equals < 0 ? preference : preference.substring(0, equals)).strip();
                if (name.equalsIgnoreCase(WAIT)) {
                    return Optional.of(seconds(
                            equals < 0 ? "" : preference.substring(equals + 1).strip()));
                }
            }
        }
        return Optional.empty();
    }

    private static Duration seconds(String text) {
        if (text.isEmpty() || !text.chars().allMatch(each -> each >= '0' && each <= '9')) {
            throw new Refusal(
                    ErrorKind.INVALID_REQUEST, "Prefer: wait needs a whole number of seconds, as in wait=30.");
        }
        int seconds = text.length() > 9 ? LONGEST_WAIT_SECONDS : Integer.parseInt(text);
        return Duration.ofSeconds(Math.min(seconds, LONGEST_WAIT_SECONDS));
    }
}
