package dev.hufu.cli.page;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations and sizes as they are written on the command line and in the API. */
public final class Quantities {
    private static final Pattern DURATION = Pattern.compile(
            "(?:([0-9]{1,5})d)?(?:([0-9]{1,7})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,10})s)?(?:([0-9]{1,13})ms)?");
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,15})(B|KiB|MiB|GiB)?");

    private Quantities() {}

    /** As in {@code 500ms}, {@code 30s}, {@code 1h30m}. */
    public static Optional<Duration> duration(String text) {
        Matcher matcher = DURATION.matcher(text);
        if (text.isEmpty() || !matcher.matches()) {
            return Optional.empty();
        }
        return Optional.of(Duration.ofDays(part(matcher, 1))
                .plusHours(part(matcher, 2))
                .plusMinutes(part(matcher, 3))
                .plusSeconds(part(matcher, 4))
                .plusMillis(part(matcher, 5)));
    }

    private static long part(Matcher matcher, int group) {
        String digits = matcher.group(group);
        return digits == null ? 0 : Long.parseLong(digits);
    }

    /** Bytes, as in {@code 64KiB}, or as a plain number; empty too where there are more than a long can count. */
    public static Optional<Long> size(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String unit = matcher.group(2);
        int shift = unit == null || unit.equals("B") ? 0 : 10 * ("KMG".indexOf(unit.charAt(0)) + 1);
        try {
            return Optional.of(Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift));
        } catch (ArithmeticException _) {
            return Optional.empty();
        }
    }

    /** For a column, as one figure: {@code 12 s}, {@code 3 min}, {@code 2 h}, {@code 5 d}. */
    public static String showShort(Duration duration) {
        long seconds = Math.max(0, duration.toSeconds());
        if (seconds < 100) {
            return seconds + " s";
        }
        if (seconds < 100 * 60) {
            return seconds / 60 + " min";
        }
        return seconds < 48 * 3_600 ? seconds / 3_600 + " h" : seconds / 86_400 + " d";
    }

    /** For a reader: {@code 12 ms}, {@code 3.4 s}, {@code 1 h 2 min}. */
    public static String show(Duration duration) {
        long millis = Math.max(0, duration.toMillis());
        if (millis < 1_000) {
            return millis + " ms";
        }
        if (millis < 60_000) {
            return tenths(millis / 100) + " s";
        }
        if (millis < 3_600_000) {
            return duration.toMinutes() + " min " + duration.toSecondsPart() + " s";
        }
        return duration.toHours() + " h " + duration.toMinutesPart() + " min";
    }

    /** For a reader: {@code 512 B}, {@code 4.0 KiB}. */
    public static String showBytes(long bytes) {
        if (bytes < 1_024) {
            return bytes + " B";
        }
        int step = Math.min((63 - Long.numberOfLeadingZeros(bytes)) / 10, 4);
        long tenths = (long) (bytes * 10.0 / (1L << (10 * step)));
        return tenths(tenths) + " " + "KMGT".charAt(step - 1) + "iB";
    }

    private static String tenths(long tenths) {
        return tenths / 10 + "." + tenths % 10;
    }
}
