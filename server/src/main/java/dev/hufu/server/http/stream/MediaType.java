package dev.hufu.server.http.stream;

import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What an answer that goes on may look like, and which of them a client asks for. */
public enum MediaType {
    RAW("application", "octet-stream"),
    FRAMES("application", "x-ndjson"),
    EVENTS("text", "event-stream");

    private final String type;
    private final String subtype;

    MediaType(String type, String subtype) {
        this.type = type;
        this.subtype = subtype;
    }

    /** As a header has it. */
    public String text() {
        return type + "/" + subtype;
    }

    /**
     * The one that an {@code Accept} prefers: by quality, among equals the one that is named more exactly, then by order.
     * Without the header, the first. Empty where none is acceptable.
     */
    public static Optional<MediaType> preferred(Enumeration<String> accept, List<MediaType> offered) {
        if (!accept.hasMoreElements()) {
            return Optional.of(offered.getFirst());
        }
        List<Range> ranges = ranges(accept);
        MediaType best = null;
        Range bestRange = null;
        for (MediaType each : offered) {
            Range range = each.range(ranges);
            if (range != null && range.quality() > 0 && (bestRange == null || range.isBetterThan(bestRange))) {
                best = each;
                bestRange = range;
            }
        }
        return Optional.ofNullable(best);
    }

    /** The most exact range that has this type: its quality is what counts. */
    private @Nullable Range range(List<Range> ranges) {
        Range exact = null;
        for (Range range : ranges) {
            if (range.has(this) && (exact == null || range.exactness() > exact.exactness())) {
                exact = range;
            }
        }
        return exact;
    }

    private static List<Range> ranges(Enumeration<String> headers) {
        List<Range> ranges = new ArrayList<>();
        while (headers.hasMoreElements()) {
            for (String text : headers.nextElement().toLowerCase(Locale.ROOT).split(",", -1)) {
                String[] parts = text.split(";", -1);
                double quality = 1;
                for (int i = 1; i < parts.length; i++) {
                    String parameter = parts[i].strip();
                    if (parameter.startsWith("q=")) {
                        quality = quality(parameter.substring(2));
                    }
                }
                ranges.add(new Range(parts[0].strip(), quality));
            }
        }
        return ranges;
    }

    private static double quality(String text) {
        boolean number = !text.isEmpty() && text.chars().allMatch(each -> each == '.' || (each >= '0' && each <= '9'));
        try {
            return number ? Math.min(Double.parseDouble(text), 1) : 1;
        } catch (NumberFormatException _) {
            return 1;
        }
    }

    private record Range(String name, double quality) {
        boolean has(MediaType media) {
            return name.equals(media.text()) || name.equals(media.type + "/*") || name.equals("*/*");
        }

        int exactness() {
            return name.equals("*/*") ? 0 : name.endsWith("/*") ? 1 : 2;
        }

        boolean isBetterThan(Range other) {
            return quality > other.quality || (quality == other.quality && exactness() > other.exactness());
        }
    }
}
