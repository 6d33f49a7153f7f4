package dev.hufu.server.output;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.server.output.AttemptOutput.Extent;
import dev.hufu.server.output.AttemptOutput.Stream;
import dev.hufu.server.store.AttemptRecord;
import dev.hufu.server.store.TaskRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How much a task has written, and the beginning of it as text. Thread-safe. */
public final class TaskOutputs {
    static final int SHOWN_BYTES = 64 << 10;

    /**
     * The output of a task's last attempt.
     *
     * @param stdout its beginning; null where the text was not asked for
     */
    public record Summary(
            long stdoutBytes,
            long stderrBytes,
            boolean truncated,
            @Nullable String stdout,
            @Nullable String stderr) {}

    private final OutputStore outputs;

    public TaskOutputs(OutputStore outputs) {
        this.outputs = outputs;
    }

    public Summary summary(TaskRecord task, boolean withText) {
        AttemptRecord attempt = task.lastAttemptRecord();
        Outcome outcome = attempt == null ? null : attempt.outcome();
        if (outcome != null && !withText) {
            Outcome.Output counts = outcome.output();
            return new Summary(counts.stdoutBytes(), counts.stderrBytes(), isTruncated(counts), null, null);
        }
        try (Opened opened = new Opened(
                attempt == null ? Optional.empty() : outputs.open(new AttemptId(task.id(), attempt.number())))) {
            return summary(opened.output, outcome, withText);
        } catch (IOException failed) {
            throw new UncheckedIOException("the output of " + task.id() + " cannot be read", failed);
        }
    }

    /** An output that may not be there, in a form that {@code try} closes. */
    private record Opened(Optional<AttemptOutput> output) implements AutoCloseable {
        @Override
        public void close() {
            output.ifPresent(AttemptOutput::close);
        }
    }

    private static Summary summary(Optional<AttemptOutput> found, @Nullable Outcome outcome, boolean withText)
            throws IOException {
        if (found.isEmpty()) {
            Outcome.Output counts = outcome == null ? Outcome.Output.NONE : outcome.output();
            String text = withText ? "" : null;
            return new Summary(counts.stdoutBytes(), counts.stderrBytes(), isTruncated(counts), text, text);
        }
        AttemptOutput output = found.get();
        Extent stdout = output.extent(Stream.STDOUT);
        Extent stderr = output.extent(Stream.STDERR);
        boolean truncated = outcome == null ? stdout.hasGap() || stderr.hasGap() : isTruncated(outcome.output());
        return new Summary(
                outcome == null ? stdout.written() : outcome.output().stdoutBytes(),
                outcome == null ? stderr.written() : outcome.output().stderrBytes(),
                truncated,
                withText ? beginning(output, Stream.STDOUT, stdout) : null,
                withText ? beginning(output, Stream.STDERR, stderr) : null);
    }

    private static boolean isTruncated(Outcome.Output counts) {
        return counts.truncated() || counts.spoolFull();
    }

    private static String beginning(AttemptOutput output, Stream stream, Extent extent) throws IOException {
        long kept = extent.hasGap() ? extent.headKept() : extent.written();
        if (kept == 0) {
            return "";
        }
        ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(kept, SHOWN_BYTES));
        while (bytes.hasRemaining()) {
            if (output.read(stream, bytes.position(), bytes) == 0) {
                break;
            }
        }
        boolean more = bytes.position() < extent.written();
        int length = more ? endOfWholeCharacters(bytes) : bytes.position();
        return new String(bytes.array(), 0, length, StandardCharsets.UTF_8);
    }

    /** Leaves out a character that is cut at the end; bytes that begin no character stay, to be replaced. */
    private static int endOfWholeCharacters(ByteBuffer bytes) {
        int end = bytes.position();
        for (int back = 1; back <= 3 && back <= end; back++) {
            int lead = bytes.get(end - back) & 0xff;
            if ((lead & 0xc0) == 0x80) {
                continue;
            }
            int needed = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
            return needed > back ? end - back : end;
        }
        return end;
    }
}
