package dev.hufu.cli;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Durations and sizes as they are written on the command line and in the API. */
final class Quantities {
    private static final Pattern DURATION = Pattern.compile(
            "(?:([0-9]{1,5})d)?(?:([0-9]{1,7})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,10})s)?(?:([0-9]{1,13})ms)?");
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,15})(B|KiB|MiB|GiB)?");

    private Quantities() {}

    /** As in {@code 500ms}, {@code 30s}, {@code 1h30m}. */
    static Optional<Duration> duration(String text) {
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

    /** See {@link #duration}. */
    static final class DurationConverter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            return duration(text)
                    .orElseThrow(() -> new TypeConversionException(
                            "'" + text + "' is not a duration such as 500ms, 30s or 1h30m"));
        }
    }

    /** As in {@code 64KiB}, or plain bytes. */
    static final class SizeConverter implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            Matcher matcher = SIZE.matcher(text);
            if (!matcher.matches()) {
                throw new TypeConversionException("'" + text + "' is not a size such as 64KiB, 16MiB or 1GiB");
            }
            String unit = matcher.group(2);
            int shift = unit == null || unit.equals("B") ? 0 : 10 * ("KMG".indexOf(unit.charAt(0)) + 1);
            try {
                return Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift);
            } catch (ArithmeticException _) {
                throw new TypeConversionException("'" + text + "' is too large");
            }
        }
    }

    /** For a reader: {@code 12 ms}, {@code 3.4 s}, {@code 1 h 2 min}. */
    static String show(Duration duration) {
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
    static String showBytes(long bytes) {
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
