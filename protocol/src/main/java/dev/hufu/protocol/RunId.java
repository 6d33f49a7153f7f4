package dev.hufu.protocol;

import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;

/** A run's id: a ULID in lower case, 26 characters of Crockford's base 32. */
public record RunId(String value) implements Comparable<RunId> {
    private static final Pattern FORM = Pattern.compile("[0-7][0-9a-hjkmnp-tv-z]{25}");

    public RunId {
        if (!FORM.matcher(value).matches()) {
            throw new IllegalArgumentException("not a run id");
        }
    }

    public static Optional<RunId> parse(String text) {
        return FORM.matcher(text).matches() ? Optional.of(new RunId(text)) : Optional.empty();
    }

    /** When it was made, to the millisecond; ids grow, so where the clock went back it is later than that. */
    public Instant time() {
        return RunIds.time(this);
    }

    public TaskId task(int index) {
        return new TaskId(this, index);
    }

    @Override
    public int compareTo(RunId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
