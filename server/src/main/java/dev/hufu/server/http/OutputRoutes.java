package dev.hufu.server.http;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.TaskId;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.output.ArrivalOrder;
import dev.hufu.server.output.AttemptOutput;
import dev.hufu.server.output.AttemptOutput.Stream;
import dev.hufu.server.output.OutputSink;
import dev.hufu.server.output.OutputSnapshot;
import dev.hufu.server.output.OutputStore;
import dev.hufu.server.run.Refusal;
import dev.hufu.server.store.AttemptRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.TaskRecord;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Enumeration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code /tasks/{id}/output}: the bytes as they are, of one stream from a position on or of both as they arrived. */
final class OutputRoutes {
    private static final String RAW = "application/octet-stream";
    private static final String COMPLETE = "Hufu-Output-Complete";
    private static final String GAP = "Hufu-Output-Gap";

    private final RunStore store;
    private final OutputStore outputs;

    OutputRoutes(RunStore store, OutputStore outputs) {
        this.store = store;
        this.outputs = outputs;
    }

    List<Route> routes() {
        return List.of(new Route("GET", TaskRoutes.TASK + "/output", Permission.READ, this::show));
    }

    /**
     * What of the output is asked for.
     *
     * @param stream null for both
     * @param attempt 0 for the last
     */
    private record Selection(@Nullable Stream stream, long offset, long limit, int attempt) {}

    private void show(Exchange exchange) throws IOException {
        TaskId id = TaskRoutes.id(exchange);
        Selection selection = selection(exchange.query("stream", "offset", "limit", "attempt"));
        checkAccepted(exchange.headers("Accept"));
        TaskRecord task = store.task(id).orElseThrow(TaskRoutes::unknown);
        int number = selection.attempt() > 0 ? selection.attempt() : lastAttempt(task);
        Optional<AttemptRecord> attempt = attempt(task, number);
        if (attempt.isEmpty() && number != task.progress().attempt()) {
            throw new Refusal(ErrorKind.NOT_FOUND, "The task has no attempt " + number + ".");
        }
        // Looked at before the output is: what was written when it had ended is all.
        boolean ended = task.state().terminal() || number < task.progress().attempt();
        if (attempt.isEmpty()) {
            empty(exchange, ended);
            return;
        }
        Optional<AttemptOutput> found = outputs.open(new AttemptId(id, number));
        if (found.isEmpty()) {
            checkNotExpired(attempt.get());
            empty(exchange, ended);
            return;
        }
        try (AttemptOutput output = found.get()) {
            send(exchange, output, selection, ended);
        }
    }

    private static Selection selection(QueryParameters query) {
        Stream stream = null;
        String name = query.text("stream");
        if (name != null && !name.equals("both")) {
            switch (name) {
                case "stdout" -> stream = Stream.STDOUT;
                case "stderr" -> stream = Stream.STDERR;
                default -> query.reject("stream", "must be \"stdout\", \"stderr\" or \"both\"");
            }
        }
        long offset = query.number("offset", 0, Long.MAX_VALUE, 0);
        if (query.text("offset") != null && (name == null || name.equals("both"))) {
            query.reject("offset", "needs one stream: positions are of a stream");
        }
        long limit = query.number("limit", 1, Long.MAX_VALUE, Long.MAX_VALUE);
        int attempt = (int) query.number("attempt", 1, Integer.MAX_VALUE, 0);
        query.throwIfWrong();
        return new Selection(stream, offset, limit, attempt);
    }

    /** Who asks for frames must not be given raw bytes to take for frames. */
    private static void checkAccepted(Enumeration<String> headers) {
        boolean acceptsRaw = !headers.hasMoreElements();
        while (headers.hasMoreElements()) {
            for (String range : headers.nextElement().toLowerCase(Locale.ROOT).split(",", -1)) {
                String type = range.split(";", 2)[0].strip();
                acceptsRaw |= type.equals("*/*") || type.equals("application/*") || type.equals(RAW);
            }
        }
        if (!acceptsRaw) {
            throw new Refusal(
                    ErrorKind.INVALID_REQUEST, "Output is served as " + RAW + " only; Accept asks for other.");
        }
    }

    private static int lastAttempt(TaskRecord task) {
        return task.attempts().isEmpty()
                ? task.progress().attempt()
                : task.attempts().getLast().number();
    }

    private static Optional<AttemptRecord> attempt(TaskRecord task, int number) {
        return task.attempts().stream().filter(each -> each.number() == number).findFirst();
    }

    private static void checkNotExpired(AttemptRecord attempt) {
        if (attempt.outcome() != null
                && attempt.outcome().output().stdoutBytes()
                                + attempt.outcome().output().stderrBytes()
                        > 0) {
            throw new Refusal(ErrorKind.OUTPUT_EXPIRED, "The output is past its retention.");
        }
    }

    private static void empty(Exchange exchange, boolean ended) throws IOException {
        exchange.header(COMPLETE, Boolean.toString(ended));
        exchange.begin(200, RAW, 0).close();
    }

    private static void send(Exchange exchange, AttemptOutput output, Selection selection, boolean ended)
            throws IOException {
        if (selection.stream() == null) {
            sendBoth(exchange, output, selection.limit(), ended);
        } else {
            OutputSnapshot snapshot = OutputSnapshot.take(output, selection.stream(), ended);
            sendOne(exchange, snapshot, selection, ended);
        }
    }

    private static void sendOne(Exchange exchange, OutputSnapshot snapshot, Selection selection, boolean ended)
            throws IOException {
        long from = Math.min(selection.offset(), snapshot.written());
        long to = snapshot.endOf(from, selection.limit());
        if (snapshot.jumps(from, to)) {
            exchange.header(GAP, snapshot.gap());
        }
        exchange.header(COMPLETE, Boolean.toString(ended && to == snapshot.written()));
        long length = snapshot.kept(from, to);
        OutputStream target = exchange.begin(200, RAW, length);
        if (!exchange.isHead()) {
            snapshot.copy(from, to, new OutputSink(target, length));
        }
    }

    private static void sendBoth(Exchange exchange, AttemptOutput output, long limit, boolean ended)
            throws IOException {
        OutputSnapshot stdout = OutputSnapshot.take(output, Stream.STDOUT, ended);
        OutputSnapshot stderr = OutputSnapshot.take(output, Stream.STDERR, ended);
        for (OutputSnapshot each : List.of(stdout, stderr)) {
            if (each.hasGap()) {
                exchange.addHeader(GAP, each.gap());
            }
        }
        long kept = stdout.kept(0, stdout.written()) + stderr.kept(0, stderr.written());
        long length = Math.min(limit, kept);
        exchange.header(COMPLETE, Boolean.toString(ended && length == kept));
        OutputStream target = exchange.begin(200, RAW, length);
        if (!exchange.isHead()) {
            new ArrivalOrder(output, stdout, stderr).copy(new OutputSink(target, length));
        }
    }
}
