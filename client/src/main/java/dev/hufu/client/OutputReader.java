package dev.hufu.client;

import dev.hufu.client.HttpCalls.Form;
import dev.hufu.client.HttpCalls.Request;
import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.TaskId;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A task's output from some position on, live until the task has ended or as far as it goes now: each byte once, in order
 * within its stream, over broken connections and restarts of the server. For one thread; another may close it, and the thread that waits then gets an
 * {@code IllegalStateException}.
 */
public final class OutputReader implements AutoCloseable {
    private final LiveLines lines;
    private final OutputFrames frames;
    private @Nullable Totals totals;
    private boolean done;

    OutputReader(LiveLines.Opener open, String api, TaskId task, Selection selection) {
        frames = new OutputFrames(selection.stdoutOffset(), selection.stderrOffset());
        lines = open.apply(
                selection.follow(),
                () -> new Request(
                        "GET",
                        api + "/tasks/" + task + "/output" + query(selection),
                        Map.of("Accept", "application/x-ndjson"),
                        null,
                        LiveLines.SILENCE,
                        Form.LINES));
    }

    /**
     * What to follow.
     *
     * @param attempt 0 for the last
     * @param stream null for both
     * @param follow whether to go on until the task has ended
     * @param stdoutOffset bytes of stdout that are not wanted
     * @param stderrOffset bytes of stderr that are not wanted
     */
    record Selection(
            int attempt, Output.@Nullable Stream stream, boolean follow, long stdoutOffset, long stderrOffset) {}

    /**
     * What the process has written in all.
     *
     * @param truncated whether some of it was not kept
     */
    public record Totals(long stdoutBytes, long stderrBytes, boolean truncated) {}

    /** Waits for what comes next; empty at the end, when all was told. */
    public Optional<OutputEvent> next() throws InterruptedException {
        while (true) {
            OutputEvent event = frames.poll();
            if (event != null) {
                return Optional.of(event);
            }
            if (done) {
                return Optional.empty();
            }
            byte[] line = lines.next();
            if (line == null) {
                finish();
            } else if (line.length > 0) {
                read(Json.object(line));
            }
        }
    }

    /** Whether {@link #next} returns without waiting; where not, it is time to flush what was written. */
    public boolean ready() {
        return done || lines.ready();
    }

    /** Known once {@link #next} has come to the end, of an output that was followed. */
    public Optional<Totals> totals() {
        return Optional.ofNullable(totals);
    }

    /** Copies all that comes to two streams, flushing where there is nothing to read. Gaps are jumped. */
    public void copyTo(OutputStream stdout, OutputStream stderr) throws IOException, InterruptedException {
        while (true) {
            OutputEvent event = next().orElse(null);
            if (event instanceof OutputEvent.Chunk chunk) {
                chunk.writeTo(chunk.stream() == Output.Stream.STDOUT ? stdout : stderr);
            }
            if (event == null || !ready()) {
                stdout.flush();
                stderr.flush();
            }
            if (event == null) {
                return;
            }
        }
    }

    private void read(Json frame) throws InterruptedException {
        if (frame.present("error")) {
            HufuException.Problem problem = frame.within("error", Answers::problem);
            if (problem.kind() != ErrorKind.DRAINING && problem.kind() != ErrorKind.UNAVAILABLE) {
                throw new HufuException.Refused(problem);
            }
            lines.leave();
            return;
        }
        Totals ended = frame.optionalObject(
                "end", end -> new Totals(end.number("stdoutBytes"), end.number("stderrBytes"), end.flag("truncated")));
        if (ended == null) {
            frames.accept(frame);
        } else {
            totals = ended;
            finish();
        }
    }

    private void finish() {
        done = true;
        lines.close();
    }

    private String query(Selection selection) {
        long stdout = frames.position(Output.Stream.STDOUT);
        long stderr = frames.position(Output.Stream.STDERR);
        String follow = (selection.follow() ? "&follow=true" : "")
                + (selection.attempt() > 0 ? "&attempt=" + selection.attempt() : "");
        return selection.stream() == null
                ? "?stream=both" + follow + "&stdoutOffset=" + stdout + "&stderrOffset=" + stderr
                : "?stream=" + selection.stream().word() + follow + "&offset="
                        + (selection.stream() == Output.Stream.STDOUT ? stdout : stderr);
    }

    @Override
    public void close() {
        lines.close();
    }
}
