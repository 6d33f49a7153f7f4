package dev.hufu.server.http;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.TaskId;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.http.stream.FrameFormat;
import dev.hufu.server.http.stream.MediaType;
import dev.hufu.server.http.stream.OpenStream;
import dev.hufu.server.http.stream.OutputFollow;
import dev.hufu.server.http.stream.OutputFollow.Wanted;
import dev.hufu.server.http.stream.OutputFormat;
import dev.hufu.server.http.stream.RawFormat;
import dev.hufu.server.http.stream.Streams;
import dev.hufu.server.output.ArrivalOrder;
import dev.hufu.server.output.AttemptOutput;
import dev.hufu.server.output.AttemptOutput.Stream;
import dev.hufu.server.output.OutputCursor.Positions;
import dev.hufu.server.output.OutputSink;
import dev.hufu.server.output.OutputSnapshot;
import dev.hufu.server.output.OutputStore;
import dev.hufu.server.run.Refusal;
import dev.hufu.server.store.AttemptRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.TaskRecord;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code /tasks/{id}/output}: the bytes of one stream from a position on, or of both as they arrived; as they are or in frames;
 * those there are, or those that come too.
 */
final class OutputRoutes {
    private static final String COMPLETE = "Hufu-Output-Complete";
    private static final String GAP = "Hufu-Output-Gap";

    private final RunStore store;
    private final OutputStore outputs;
    private final OutputFollow follow;
    private final Streams streams;

    OutputRoutes(RunStore store, OutputStore outputs, OutputFollow follow, Streams streams) {
        this.store = store;
        this.outputs = outputs;
        this.follow = follow;
        this.streams = streams;
    }

    List<Route> routes() {
        return List.of(new Route("GET", TaskRoutes.TASK + "/output", Permission.READ, this::show));
    }

    /** What of the output is asked for, and how. */
    private record Selection(Wanted wanted, boolean follow, MediaType media) {
        @Nullable
        Stream stream() {
            return wanted.only();
        }

        /** Where the one stream begins. */
        long offset() {
            return wanted.only() == Stream.STDERR
                    ? wanted.from().stderr()
                    : wanted.from().stdout();
        }

        OutputFormat format() {
            return switch (media) {
                case RAW -> new RawFormat();
                case FRAMES -> FrameFormat.lines();
                case EVENTS -> FrameFormat.events(wanted.from());
            };
        }
    }

    private void show(Exchange exchange) throws IOException, InterruptedException {
        TaskId id = TaskRoutes.id(exchange);
        Selection selection = selection(exchange, id);
        TaskRecord task = store.task(id).orElseThrow(TaskRoutes::unknown);
        int asked = selection.wanted().attempt();
        int number = asked > 0 ? asked : OutputFollow.lastAttempt(task);
        Optional<AttemptRecord> attempt = attempt(task, number);
        if (attempt.isEmpty() && number != task.progress().attempt()) {
            throw new Refusal(ErrorKind.NOT_FOUND, "The task has no attempt " + number + ".");
        }
        // Looked at before the output is: what was written when it had ended is all.
        boolean ended = task.isOver(number);
        Optional<AttemptOutput> found = attempt.isEmpty() ? Optional.empty() : outputs.open(new AttemptId(id, number));
        if (found.isEmpty()) {
            attempt.ifPresent(OutputRoutes::checkNotExpired);
            if (selection.follow()) {
                follow(exchange, selection);
            } else {
                empty(exchange, selection.media(), ended);
            }
            return;
        }
        try (AttemptOutput output = found.get()) {
            if (!selection.follow()) {
                send(exchange, output, selection, ended);
                return;
            }
            if (selection.media() == MediaType.RAW) {
                nameGaps(exchange, output, selection.wanted());
            }
        }
        follow(exchange, selection);
    }

    private static Selection selection(Exchange exchange, TaskId id) {
        QueryParameters query =
                exchange.query("stream", "offset", "limit", "follow", "attempt", "stdoutOffset", "stderrOffset");
        Stream stream = null;
        String name = query.text("stream");
        if (name != null && !name.equals("both")) {
            switch (name) {
                case "stdout" -> stream = Stream.STDOUT;
                case "stderr" -> stream = Stream.STDERR;
                default -> query.reject("stream", "must be \"stdout\", \"stderr\" or \"both\"");
            }
        }
        long limit = query.number("limit", 1, Long.MAX_VALUE, Long.MAX_VALUE);
        int attempt = (int) query.number("attempt", 1, Integer.MAX_VALUE, 0);
        boolean follow = query.bool("follow");
        MediaType media = exchange.accepted(MediaType.RAW, MediaType.FRAMES, MediaType.EVENTS);
        Positions from = positions(query, stream, media);
        query.throwIfWrong();
        String last = media == MediaType.EVENTS ? exchange.header("Last-Event-ID") : null;
        if (last != null && !last.isEmpty()) {
            from = lastEventId(last);
        }
        return new Selection(new Wanted(id, attempt, stream, from, limit), follow, media);
    }

    private static Positions positions(QueryParameters query, @Nullable Stream stream, MediaType media) {
        long offset = query.number("offset", 0, Long.MAX_VALUE, 0);
        long stdout = query.number("stdoutOffset", 0, Long.MAX_VALUE, 0);
        long stderr = query.number("stderrOffset", 0, Long.MAX_VALUE, 0);
        boolean perStream = false;
        for (String each : List.of("stdoutOffset", "stderrOffset")) {
            if (query.text(each) != null) {
                perStream = true;
                if (media == MediaType.RAW) {
                    query.reject(each, "needs frames, which say what stream they are of; for raw bytes use offset");
                }
            }
        }
        if (query.text("offset") == null) {
            return new Positions(stdout, stderr);
        }
        if (stream == null) {
            query.reject("offset", "needs one stream: positions are of a stream");
        } else if (perStream) {
            query.reject("offset", "cannot be given together with stdoutOffset or stderrOffset");
        }
        return stream == Stream.STDERR ? new Positions(0, offset) : new Positions(offset, 0);
    }

    /** Where the reader was, as the last event that it got says: it counts more than the query, which a reader repeats. */
    private static Positions lastEventId(String header) {
        String[] parts = header.split(",", -1);
        if (parts.length == 2) {
            try {
                return new Positions(position(parts[0]), position(parts[1]));
            } catch (NumberFormatException _) {
                // Told below, as what has other parts is.
            }
        }
        throw new Refusal(
                ErrorKind.INVALID_REQUEST,
                "Last-Event-ID must be the id of an event of output: two positions, as in 12,0.");
    }

    private static long position(String text) {
        if (text.isEmpty() || !text.chars().allMatch(each -> each >= '0' && each <= '9')) {
            throw new NumberFormatException(text);
        }
        return Long.parseLong(text);
    }

    private void follow(Exchange exchange, Selection selection) throws IOException, InterruptedException {
        if (exchange.isHead()) {
            exchange.beginHead(selection.media());
            return;
        }
        OutputFormat format = selection.format();
        try (OpenStream stream = exchange.stream(RequestListener.Stream.OUTPUT, selection.media(), streams)) {
            if (follow.run(selection.wanted(), format, stream) == OutputFollow.End.SERVER_STOPS) {
                byte[] problem = Problem.of(ErrorKind.DRAINING, "The server is shutting down; resume at the next one.")
                        .toJson(exchange.trace().traceId());
                if (!format.error(problem, stream)) {
                    // An end like any other would look as if this were all.
                    throw new EOFException("the server stops");
                }
            }
        }
    }

    private static void nameGaps(Exchange exchange, AttemptOutput output, Wanted wanted) throws IOException {
        for (Stream stream : Stream.values()) {
            boolean asked = wanted.only() == null || wanted.only() == stream;
            long from = stream == Stream.STDOUT
                    ? wanted.from().stdout()
                    : wanted.from().stderr();
            AttemptOutput.Extent extent = output.extent(stream);
            if (asked && extent.hasGap() && from < extent.tailFrom()) {
                exchange.addHeader(GAP, OutputSnapshot.gap(stream, extent));
            }
        }
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

    private static void empty(Exchange exchange, MediaType media, boolean ended) throws IOException {
        exchange.header(COMPLETE, Boolean.toString(ended));
        exchange.begin(200, media.text(), 0).close();
    }

    private static void send(Exchange exchange, AttemptOutput output, Selection selection, boolean ended)
            throws IOException {
        if (selection.media() != MediaType.RAW) {
            sendFrames(exchange, output, selection, ended);
        } else if (selection.stream() == null) {
            sendBoth(exchange, output, selection.wanted().limit(), ended);
        } else {
            OutputSnapshot snapshot = OutputSnapshot.take(output, selection.stream(), ended);
            sendOne(exchange, snapshot, selection, ended);
        }
    }

    private static void sendOne(Exchange exchange, OutputSnapshot snapshot, Selection selection, boolean ended)
            throws IOException {
        long from = Math.min(selection.offset(), snapshot.written());
        long to = snapshot.endOf(from, selection.wanted().limit());
        if (snapshot.jumps(from, to)) {
            exchange.header(GAP, snapshot.gap());
        }
        exchange.header(COMPLETE, Boolean.toString(ended && to == snapshot.written()));
        long length = snapshot.kept(from, to);
        OutputStream target = exchange.begin(200, MediaType.RAW.text(), length);
        if (!exchange.isHead()) {
            snapshot.copy(from, to, new OutputSink(target, length));
        }
    }

    private static void sendFrames(Exchange exchange, AttemptOutput output, Selection selection, boolean ended)
            throws IOException {
        long kept = 0;
        for (Stream stream : Stream.values()) {
            if (selection.stream() == null || selection.stream() == stream) {
                Positions from = selection.wanted().from();
                kept += OutputSnapshot.take(output, stream, true)
                        .kept(stream == Stream.STDOUT ? from.stdout() : from.stderr(), Long.MAX_VALUE);
            }
        }
        exchange.header(
                COMPLETE, Boolean.toString(ended && kept <= selection.wanted().limit()));
        OutputStream target = exchange.beginOfUnknownLength(selection.media().text());
        if (!exchange.isHead()) {
            OutputFollow.sendNow(output, selection.wanted(), selection.format(), target);
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
        OutputStream target = exchange.begin(200, MediaType.RAW.text(), length);
        if (!exchange.isHead()) {
            new ArrivalOrder(output, stdout, stderr).copy(new OutputSink(target, length));
        }
    }
}
