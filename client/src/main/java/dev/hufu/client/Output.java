package dev.hufu.client;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A piece of a task's output. Positions count what the process wrote, whether it was kept or not. */
public final class Output {
    /** One of the two streams. */
    public enum Stream {
        STDOUT,
        STDERR;

        /** The stream as it is written in the API. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Bytes that were written and not kept: from {@code from} up to, and without, {@code to}. */
    public record Gap(long from, long to) {
        public long length() {
            return to - from;
        }
    }

    private final long offset;
    private final byte[] content;
    private final @Nullable Gap gap;
    private final boolean complete;

    Output(long offset, byte[] content, @Nullable Gap gap, boolean complete) {
        this.offset = offset;
        this.content = content;
        this.gap = gap;
        this.complete = complete;
    }

    public byte[] bytes() {
        return content.clone();
    }

    public int length() {
        return content.length;
    }

    public void writeTo(OutputStream target) throws IOException {
        target.write(content);
    }

    /** What was jumped in this piece, before, between or after its bytes. */
    public Optional<Gap> gap() {
        return Optional.ofNullable(gap);
    }

    /** Whether the task has ended, so that its output does not grow any more. */
    public boolean complete() {
        return complete;
    }

    /** Where the next piece begins. */
    public long nextOffset() {
        return offset + content.length + (gap == null ? 0 : gap.to() - Math.max(gap.from(), offset));
    }
}
