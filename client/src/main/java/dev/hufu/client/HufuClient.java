package dev.hufu.client;

import dev.hufu.client.HttpCalls.Form;
import dev.hufu.client.HttpCalls.Request;
import dev.hufu.client.HttpCalls.Response;
import dev.hufu.protocol.ProcessList;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.SignalName;
import dev.hufu.protocol.TaskId;
import dev.hufu.support.SystemTimers;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Hufu's REST API. Thread-safe; every call works on the calling thread and blocks it. An interrupt is noticed at once on a
 * virtual thread and while waiting, and on a platform thread at the next answer or timeout. All calls throw
 * {@link HufuException}.
 */
public final class HufuClient implements AutoCloseable {
    private static final String API = "/api/v1";
    private static final Pattern KEY = Pattern.compile("[ -~]{1,255}");
    private static final Pattern GAP = Pattern.compile("(stdout|stderr)=([0-9]{1,18})-([0-9]{1,18})");
    private static final int PAGE = 100;
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(60);
    private static final Duration SHORTEST_POLL = Duration.ofMillis(20);
    private static final Duration LONGEST_POLL = Duration.ofMillis(500);

    private final String server;
    private final Retrying retrying;
    private final Timers timers;
    private final Duration readTimeout;
    private final Duration retryFor;
    private volatile boolean closed;

    private HufuClient(Builder builder) {
        this.server = builder.base.toString();
        this.timers = builder.timers;
        this.readTimeout = builder.readTimeout;
        this.retryFor = builder.retryFor;
        this.retrying = new Retrying(
                new HttpCalls(builder.base, builder.token, builder.connectTimeout, builder.trust),
                builder.timers,
                builder.retryFor,
                builder.connectWithin == null ? builder.retryFor : builder.connectWithin,
                builder.onRetry);
    }

    /**
     * A client of the server at {@code base}, as in {@code http://127.0.0.1:7433}.
     *
     * @throws IllegalArgumentException when it is not an http or https address, or carries more than host, port and path
     */
    public static Builder builder(URI base) {
        return new Builder(base);
    }

    /** Submits under a key of its own; the run is durable when this returns. */
    public Run submit(RunRequest request) throws InterruptedException {
        return submit(request, UUID.randomUUID().toString());
    }

    /**
     * Submits; the run is durable when this returns. Whoever submits the same request under the same key within 24 hours
     * gets the same run.
     *
     * @param idempotencyKey 1 to 255 printable ASCII characters
     */
    public Run submit(RunRequest request, String idempotencyKey) throws InterruptedException {
        return Answers.run(post(request, Map.of("Idempotency-Key", checkedKey(idempotencyKey)), readTimeout));
    }

    /** Submits and waits for the end for at most so long; the run is as it is then, ended or not, with its tasks. */
    public Run submitAndWait(RunRequest request, String idempotencyKey, Duration atMost) throws InterruptedException {
        long began = timers.nanoTime();
        Duration wait = atMost.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : atMost;
        Run run = Answers.run(post(
                request,
                Map.of("Idempotency-Key", checkedKey(idempotencyKey), "Prefer", "wait=" + wait.toSeconds()),
                readTimeout.plus(wait)));
        if (run.state().terminal() && !run.tasks().isEmpty()) {
            return run;
        }
        return await(run.id(), atMost.minusNanos(timers.nanoTime() - began));
    }

    /** Waits for a run's end for at most so long; the run is as it is then, ended or not, with its tasks. */
    public Run await(RunId id, Duration atMost) throws InterruptedException {
        long began = timers.nanoTime();
        Duration poll = SHORTEST_POLL;
        while (true) {
            Run run = run(id);
            Duration left = atMost.minusNanos(timers.nanoTime() - began);
            if (run.state().terminal() || !left.isPositive()) {
                return run.withTasks(tasks(run.id()));
            }
            timers.sleep(poll.compareTo(left) < 0 ? poll : left);
            poll = poll.multipliedBy(2).compareTo(LONGEST_POLL) > 0 ? LONGEST_POLL : poll.multipliedBy(2);
        }
    }

    public Run run(RunId id) throws InterruptedException {
        return Answers.run(Json.object(get("/runs/" + id)));
    }

    /** The runs that a filter lets through, the newest first, read from the server page by page as they are used. */
    public Iterable<Run> runs(RunFilter filter) {
        return () -> new Pages<>(cursor -> get("/runs" + filter.query(PAGE, cursor)), Answers::run);
    }

    /** All tasks of a run, over as many pages as there are. */
    public List<Task> tasks(RunId id) throws InterruptedException {
        List<Task> tasks = new ArrayList<>();
        everyPage(cursor -> get("/runs/" + id + "/tasks" + query(cursor)), Answers::task, tasks);
        return tasks;
    }

    /** The nodes that the server knows. */
    public List<Node> nodes() throws InterruptedException {
        List<Node> nodes = new ArrayList<>();
        everyPage(cursor -> get("/nodes" + query(cursor)), Answers::node, nodes);
        return nodes;
    }

    private static <T> void everyPage(Pages.PageSource source, Function<Json, T> read, List<T> all)
            throws InterruptedException {
        try {
            new Pages<>(source, read).forEachRemaining(all::add);
        } catch (HufuException.Interrupted _) {
            Thread.interrupted();
            throw new InterruptedException();
        }
    }

    private static String query(String cursor) {
        return cursor.isEmpty() ? "" : "?cursor=" + URLEncoder.encode(cursor, StandardCharsets.UTF_8);
    }

    public Task task(TaskId id) throws InterruptedException {
        return Answers.task(Json.object(get("/tasks/" + id)));
    }

    /** The processes that a running task has now, or had a second ago. A task that does not run is refused. */
    public ProcessList processes(TaskId id) throws InterruptedException {
        return Answers.processes(Json.object(get("/tasks/" + id + "/processes")));
    }

    /**
     * Sends a signal to a running task; what follows from it is the process's own affair. Not sent again where its answer was
     * lost: it may have been done. A task that does not run is refused.
     *
     * @param wholeTree to every process of the task, or to the main one only
     */
    public Task signal(TaskId id, SignalName signal, boolean wholeTree) throws InterruptedException {
        byte[] body =
                ("{\"signal\":\"" + signal + "\",\"wholeTree\":" + wholeTree + "}").getBytes(StandardCharsets.UTF_8);
        Response response = send(new Request(
                "POST", API + "/tasks/" + id + "/signal", Map.of(), () -> body, readTimeout, Form.WHOLE_ONCE));
        return Answers.task(Json.object(response.body()));
    }

    /** Asks to stop a run; what became of it is in its tasks once they ended. A run that has ended is refused. */
    public Run cancel(RunId id) throws InterruptedException {
        Response response = send(new Request("POST", API + "/runs/" + id + "/cancel", Map.of(), null, readTimeout));
        return Answers.run(Json.object(response.body()));
    }

    /**
     * As {@link #cancel(RunId)}, also once more of a run that is being stopped.
     *
     * @param killGrace between TERM and KILL, instead of the run's own; only shortens one that has begun. Zero kills at once
     */
    public Run cancel(RunId id, Duration killGrace) throws InterruptedException {
        byte[] body = ("{\"killGrace\":\"" + killGrace.toMillis() + "ms\"}").getBytes(StandardCharsets.UTF_8);
        Response response =
                send(new Request("POST", API + "/runs/" + id + "/cancel", Map.of(), () -> body, readTimeout));
        return Answers.run(Json.object(response.body()));
    }

    /**
     * Submits a new run of those tasks of an ended run that did not succeed. Not sent again where its answer was lost: it may
     * have been done.
     */
    public Run retry(RunId id) throws InterruptedException {
        Response response =
                send(new Request("POST", API + "/runs/" + id + "/retry", Map.of(), null, readTimeout, Form.WHOLE_ONCE));
        return Answers.run(Json.object(response.body()));
    }

    /**
     * A piece of a task's output.
     *
     * @param offset counts what the process wrote
     * @param limit bytes at most
     */
    public Output output(TaskId id, Output.Stream stream, long offset, int limit) throws InterruptedException {
        Response response = send(new Request(
                "GET",
                API + "/tasks/" + id + "/output?stream=" + stream.word() + "&offset=" + offset + "&limit=" + limit,
                Map.of("Accept", "application/octet-stream"),
                null,
                readTimeout));
        String complete = response.header("hufu-output-complete")
                .orElseThrow(() -> new HufuException.Unintelligible(
                        "The answer lacks Hufu-Output-Complete: is this a Hufu server?", null));
        return new Output(offset, response.body(), gap(response, stream), complete.equals("true"));
    }

    /** Follows both streams of a task from their start; of one that has several attempts, follow each by its number. */
    public OutputReader follow(TaskId id) {
        return follow(id, 0, 0);
    }

    /** Follows both streams of a task, each from a position on. */
    public OutputReader follow(TaskId id, long stdoutOffset, long stderrOffset) {
        return new OutputReader(
                this::live, API, id, new OutputReader.Selection(0, null, true, stdoutOffset, stderrOffset));
    }

    /** Follows one stream of a task from a position on. */
    public OutputReader follow(TaskId id, Output.Stream stream, long offset) {
        return new OutputReader(this::live, API, id, new OutputReader.Selection(0, stream, true, offset, offset));
    }

    /**
     * Follows an attempt of a task, or the one that is to come next, to its end.
     *
     * @param stream null for both
     * @param offset of that stream, counted as this attempt wrote it; 0 where it is both
     */
    public OutputReader follow(TaskId id, int attempt, Output.@Nullable Stream stream, long offset) {
        return new OutputReader(this::live, API, id, new OutputReader.Selection(attempt, stream, true, offset, offset));
    }

    /** Both streams of a task as far as they go now, in the order of arrival. */
    public OutputReader outputSoFar(TaskId id) {
        return new OutputReader(this::live, API, id, new OutputReader.Selection(0, null, false, 0, 0));
    }

    /** One stream of a task from a position on, as far as it goes now. */
    public OutputReader outputSoFar(TaskId id, Output.Stream stream, long offset) {
        return new OutputReader(this::live, API, id, new OutputReader.Selection(0, stream, false, offset, offset));
    }

    /** What happened to a run from its start on, and what happens until it has ended. */
    public RunEvents events(RunId id) {
        return new RunEvents(this::live, API, id, null);
    }

    /** What happened to a run after the event {@code lastId}, and what happens until it has ended. */
    public RunEvents events(RunId id, String lastId) {
        return new RunEvents(this::live, API, id, lastId);
    }

    /**
     * Runs a command that lives as long as the connection: when it breaks or is closed, the run is cancelled. Sent once, as it
     * may have been started; again only where nobody was there, or the server refused for now. Unless the request says
     * otherwise, the process waits for whoever reads its output.
     */
    public AttachedExec exec(RunRequest request) throws InterruptedException {
        Response response = send(new Request(
                "POST",
                API + "/exec",
                Map.of("Accept", "application/x-ndjson"),
                request::body,
                LiveLines.SILENCE,
                Form.LINES_ONCE));
        return new AttachedExec(response.lines(), server);
    }

    private LiveLines live(boolean endless, Supplier<Request> request) {
        checkOpen();
        return new LiveLines(retrying, timers, server, retryFor, endless, request);
    }

    /**
     * The answer to a GET below {@code /api/v1} as it came: for what the records do not hold.
     *
     * @param resource begins with a slash
     */
    public byte[] get(String resource) throws InterruptedException {
        return send(new Request("GET", API + resource, Map.of(), null, readTimeout))
                .body();
    }

    /** Ends the use of this client; connections end by themselves within seconds. */
    @Override
    public void close() {
        closed = true;
    }

    private Json post(RunRequest request, Map<String, String> headers, Duration timeout) throws InterruptedException {
        return Json.object(send(new Request("POST", API + "/runs", headers, request::body, timeout))
                .body());
    }

    private Response send(Request request) throws InterruptedException {
        checkOpen();
        return retrying.send(request, server);
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("this client is closed");
        }
    }

    private static String checkedKey(String key) {
        if (!KEY.matcher(key).matches()) {
            throw new IllegalArgumentException("an Idempotency-Key has 1 to 255 printable ASCII characters");
        }
        return key;
    }

    private static Output.@Nullable Gap gap(Response response, Output.Stream stream) {
        String header = response.header("hufu-output-gap").orElse("");
        Matcher matcher = GAP.matcher(header);
        boolean understood = header.isEmpty();
        while (matcher.find()) {
            understood = true;
            if (matcher.group(1).equals(stream.word())) {
                return new Output.Gap(Long.parseLong(matcher.group(2)), Long.parseLong(matcher.group(3)));
            }
        }
        if (!understood) {
            throw new HufuException.Unintelligible(
                    "The answer names a gap that this client does not understand.", null);
        }
        return null;
    }

    /** How to reach the server. Not for several threads. */
    public static final class Builder {
        private final URI base;
        private @Nullable String token;
        private Duration connectTimeout = Duration.ofSeconds(5);
        private Duration readTimeout = Duration.ofSeconds(30);
        private Duration retryFor = Duration.ofSeconds(30);
        private @Nullable Duration connectWithin;
        private @Nullable SSLSocketFactory trust;
        private Consumer<HufuException> onRetry = _ -> {};
        private Timers timers = new SystemTimers();

        private Builder(URI base) {
            String scheme = base.getScheme();
            if (scheme == null || !(scheme.equals("http") || scheme.equals("https")) || base.getHost() == null) {
                throw new IllegalArgumentException("not an http or https address: " + base);
            }
            if (base.getRawUserInfo() != null || base.getRawQuery() != null || base.getRawFragment() != null) {
                throw new IllegalArgumentException("an address has host, port and path only");
            }
            this.base = URI.create(base.toString().replaceFirst("/+$", ""));
        }

        /** Sent to this server and nowhere else. */
        public Builder token(String token) {
            if (!token.matches("[!-~]+")) {
                throw new IllegalArgumentException("a token has printable ASCII characters and no space");
            }
            this.token = token;
            return this;
        }

        /**
         * Believes the certificate authorities of this file (PEM) and no other; without it, those that this Java believes.
         *
         * @throws IOException when it cannot be read, or holds none
         */
        public Builder authorities(Path file) throws IOException {
            this.trust = Trust.in(file);
            return this;
        }

        /** Until a connection stands; 5 s where it is not set. */
        public Builder connectTimeout(Duration connectTimeout) {
            this.connectTimeout = connectTimeout;
            return this;
        }

        /** Between two bytes of an answer; 30 s where it is not set. */
        public Builder readTimeout(Duration readTimeout) {
            this.readTimeout = readTimeout;
            return this;
        }

        /** How long a call is tried again where the server is not there, or asks to come back later; 30 s where it is not set. */
        public Builder retryFor(Duration retryFor) {
            this.retryFor = retryFor;
            return this;
        }

        /** As {@link #retryFor}, while this client has never reached the server; the same where it is not set. */
        public Builder connectWithin(Duration connectWithin) {
            this.connectWithin = connectWithin;
            return this;
        }

        /** Told, on the calling thread, before each new try, why. */
        public Builder onRetry(Consumer<HufuException> onRetry) {
            this.onRetry = onRetry;
            return this;
        }

        public Builder timers(Timers timers) {
            this.timers = timers;
            return this;
        }

        public HufuClient build() {
            return new HufuClient(this);
        }
    }
}
