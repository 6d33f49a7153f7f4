package dev.hufu.server.http.order;

import dev.hufu.protocol.RunSpec.Retry;
import dev.hufu.protocol.RunSpec.RetryOn;
import dev.hufu.server.http.json.Json;
import dev.hufu.server.http.json.JsonInput;
import dev.hufu.server.http.json.RequestErrors;
import dev.hufu.server.http.json.TextRules;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads {@code retry}, whose fields may come in any order. For one value; not for several threads. */
final class RetryReader {
    private static final int MOST_ATTEMPTS = 100;
    private static final String WORDS = "\"exit\", \"signal\", \"timeout\", \"memory\", \"spawn\" or \"lost\"";

    /** Reads a duration at a pointer, or complains of it. */
    @FunctionalInterface
    interface DurationSource {
        @Nullable
        Duration read(String pointer);
    }

    private final JsonInput input;
    private final RequestErrors errors;
    private final DurationSource durations;
    private int maxAttempts = Retry.DEFAULT_ATTEMPTS;
    private @Nullable Duration backoff;
    private @Nullable Duration maxBackoff;
    private List<RetryOn> on = Retry.DEFAULT_ON;

    RetryReader(JsonInput input, RequestErrors errors, DurationSource durations) {
        this.input = input;
        this.errors = errors;
        this.durations = durations;
    }

    Retry read() {
        input.object("/retry", this::field);
        Duration first = backoff == null ? Retry.DEFAULT_BACKOFF : backoff;
        Duration longest = maxBackoff;
        if (longest == null) {
            longest = first.compareTo(Retry.DEFAULT_MAX_BACKOFF) > 0 ? first : Retry.DEFAULT_MAX_BACKOFF;
        } else if (backoff == null && longest.compareTo(first) < 0) {
            first = longest;
        } else if (longest.compareTo(first) < 0) {
            errors.add("/retry/maxBackoff", "is less than backoff");
        }
        return new Retry(maxAttempts, first, longest, on);
    }

    private void field(String name) {
        switch (name) {
            case "maxAttempts" -> {
                Long given = input.wholeNumber("/retry/maxAttempts");
                if (given != null && (given < 1 || given > MOST_ATTEMPTS)) {
                    errors.add("/retry/maxAttempts", "is out of its bounds, 1 to " + MOST_ATTEMPTS);
                } else if (given != null) {
                    maxAttempts = given.intValue();
                }
            }
            case "backoff" -> backoff = durations.read("/retry/backoff");
            case "maxBackoff" -> maxBackoff = durations.read("/retry/maxBackoff");
            case "on" -> ends();
            default -> input.unknown("/retry/" + Json.pointerSegment(name));
        }
    }

    private void ends() {
        List<String> words = input.strings("/retry/on", RetryOn.values().length, TextRules::data);
        if (words == null) {
            return;
        }
        if (words.isEmpty()) {
            errors.add("/retry/on", "must have at least one element; without retry, there is one attempt");
        }
        List<RetryOn> given = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            RetryOn end = end(words.get(i));
            if (end == null) {
                errors.add("/retry/on/" + i, "must be " + WORDS);
            } else if (given.contains(end)) {
                errors.add("/retry/on/" + i, "occurs twice");
            } else {
                given.add(end);
            }
        }
        on = given;
    }

    private static @Nullable RetryOn end(String word) {
        for (RetryOn each : RetryOn.values()) {
            if (each.name().toLowerCase(Locale.ROOT).equals(word)) {
                return each;
            }
        }
        return null;
    }
}
