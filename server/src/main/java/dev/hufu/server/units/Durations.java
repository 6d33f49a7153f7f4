package dev.hufu.server.units;

import java.time.Duration;
import java.util.Optional;

/** Durations as people write them: {@code 500ms}, {@code 30s}, {@code 1h30m}, {@code 30d}; the larger unit first. */
public final class Durations {
    private static final String[] UNITS = {"d", "h", "m", "s", "ms"};
    private static final long[] MILLIS = {86_400_000L, 3_600_000L, 60_000L, 1_000L, 1L};
    private static final int LONGEST = 64;

    private Durations() {}

    /** The duration; empty where the text is none, or is longer than a {@code long} of milliseconds. */
    public static Optional<Duration> parse(String text) {
        if (text.isEmpty() || text.length() > LONGEST) {
            return Optional.empty();
        }
        long millis = 0;
        int lastUnit = -1;
        int at = 0;
        while (at < text.length()) {
            int digits = at;
            while (at < text.length() && isDigit(text.charAt(at))) {
                at++;
            }
            int letters = at;
            while (at < text.length() && !isDigit(text.charAt(at))) {
                at++;
            }
            int unit = unit(text.substring(letters, at));
            if (letters == digits || unit <= lastUnit) {
                return Optional.empty();
            }
            try {
                millis = Math.addExact(
                        millis, Math.multiplyExact(Long.parseLong(text, digits, letters, 10), MILLIS[unit]));
            } catch (NumberFormatException | ArithmeticException tooLarge) {
                return Optional.empty();
            }
            lastUnit = unit;
        }
        return Optional.of(Duration.ofMillis(millis));
    }

    private static boolean isDigit(char character) {
        return character >= '0' && character <= '9';
    }

    private static int unit(String name) {
        for (int i = 0; i < UNITS.length; i++) {
            if (UNITS[i].equals(name)) {
                return i;
            }
        }
        return -1;
    }
}
