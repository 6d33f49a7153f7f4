package dev.hufu.server.http;

import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunSpec;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.http.header.Preferences;
import dev.hufu.server.http.json.CanonicalJson;
import dev.hufu.server.http.json.Json;
import dev.hufu.server.http.order.RunRequestReader;
import dev.hufu.server.http.view.RunView;
import dev.hufu.server.output.TaskOutputs;
import dev.hufu.server.run.Refusal;
import dev.hufu.server.run.Retries;
import dev.hufu.server.run.RunActions;
import dev.hufu.server.run.Submissions;
import dev.hufu.server.run.Submissions.Accepted;
import dev.hufu.server.run.Submissions.KeyedRequest;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.TaskRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/** {@code /runs} and {@code /runs/{id}}: submitting, reading, cancelling, retrying. Decodes and renders, nothing else. */
final class RunRoutes {
    static final String RUNS = "/api/v1/runs";
    private static final int TASKS_SHOWN = 100;
    private static final int READS = 16;
    private static final int LONGEST_KEY = 255;

    private final RunActions runs;
    private final RunStore store;
    private final TaskOutputs outputs;

    RunRoutes(RunActions runs, RunStore store, TaskOutputs outputs) {
        this.runs = runs;
        this.store = store;
        this.outputs = outputs;
    }

    List<Route> routes() {
        return List.of(
                new Route("POST", RUNS, Permission.SUBMIT, this::submit),
                new Route("GET", RUNS + "/{id}", Permission.READ, this::show),
                new Route("POST", RUNS + "/{id}/cancel", Permission.CANCEL, this::cancel),
                new Route("POST", RUNS + "/{id}/retry", Permission.SUBMIT, this::retry));
    }

    private void submit(Exchange exchange) throws IOException, InterruptedException {
        exchange.noQuery();
        Optional<Duration> wait = Preferences.wait(exchange.headers("Prefer"));
        answerAccepted(exchange, accept(exchange), wait);
    }

    private void retry(Exchange exchange) throws IOException, InterruptedException {
        exchange.noQuery();
        Optional<Duration> wait = Preferences.wait(exchange.headers("Prefer"));
        String key = idempotencyKey(exchange.headers("Idempotency-Key"));
        RunRequestReader.readNothing(exchange.optionalJsonBody());
        RunId of = id(exchange);
        Retries.Request request = new Retries.Request(
                exchange.caller().name(),
                exchange.trace().traceId(),
                exchange.trace().traceparent(),
                key == null ? null : new KeyedRequest(key, retryFingerprint(of)));
        Accepted accepted =
                runs.retries().retry(of, request, RunRoutes::firstAnswer).orElseThrow(RunRoutes::unknown);
        answerAccepted(exchange, accepted, wait);
    }

    /** As of a body that no submission can have, since it orders nothing. */
    private static String retryFingerprint(RunId of) {
        return CanonicalJson.fingerprint(Json.write(generator -> {
            generator.writeStartObject();
            Json.id(generator, "retryOf", of);
            generator.writeEndObject();
        }));
    }

    private static Bytes firstAnswer(RunRecord run) {
        return Bytes.of(RunView.render(run));
    }

    private void answerAccepted(Exchange exchange, Accepted accepted, Optional<Duration> wait)
            throws IOException, InterruptedException {
        RunId id = accepted.run();
        MDC.put(RequestCycle.MDC_RUN, id.value());
        exchange.header("Location", RUNS + "/" + id);
        if (accepted instanceof Accepted.Replayed) {
            exchange.header("Idempotent-Replayed", "true");
        }
        if (wait.isPresent()) {
            exchange.header("Preference-Applied", "wait=" + wait.get().toSeconds());
            answerEnd(exchange, id, wait.get());
            return;
        }
        exchange.json(
                202,
                switch (accepted) {
                    case Accepted.Created created -> RunView.render(created.record());
                    case Accepted.Replayed replayed -> replayed.firstAnswer().toArray();
                });
    }

    /** Nothing of the body is held once this returns: some wait for the end, many at a time. */
    private Accepted accept(Exchange exchange) {
        String key = idempotencyKey(exchange.headers("Idempotency-Key"));
        byte[] body = exchange.jsonBody();
        RunSpec spec = RunRequestReader.read(body, RunSpec.OnOutput.TRUNCATE, runs.bounds());
        Submissions.Order order = new Submissions.Order(
                spec,
                exchange.caller().name(),
                exchange.trace().traceId(),
                exchange.trace().traceparent(),
                key == null ? null : new KeyedRequest(key, CanonicalJson.fingerprint(body)));
        Accepted accepted = runs.submissions().submit(order, RunRoutes::firstAnswer);
        exchange.releaseBody();
        return accepted;
    }

    private void answerEnd(Exchange exchange, RunId id, Duration wait) throws IOException, InterruptedException {
        WithTasks seen = withTasks(runs.waits().awaitEnd(id, wait).orElseThrow(RunRoutes::unknown));
        exchange.json(seen.run().progress().state().terminal() ? 200 : 202, render(seen));
    }

    private void show(Exchange exchange) throws IOException {
        QueryParameters query = exchange.query("include");
        String include = query.text("include");
        if (include != null && !include.equals("tasks")) {
            query.reject("include", "must be \"tasks\"");
        }
        query.throwIfWrong();
        RunRecord run = store.run(id(exchange)).orElseThrow(RunRoutes::unknown);
        exchange.json(200, include == null ? RunView.render(run) : render(withTasks(run)));
    }

    private void cancel(Exchange exchange) throws IOException {
        exchange.noQuery();
        Duration killGrace = RunRequestReader.readCancel(exchange.optionalJsonBody());
        RunRecord run = runs.cancellations()
                .cancel(id(exchange), exchange.caller().name(), killGrace)
                .orElseThrow(RunRoutes::unknown);
        exchange.json(202, RunView.render(run));
    }

    /** A run and its first tasks as they were at one moment. */
    private record WithTasks(RunRecord run, List<TaskRecord> tasks) {}

    /** Read again while it changes in between; who changes that often is seen as it was a moment ago. */
    private WithTasks withTasks(RunRecord found) {
        RunRecord run = found;
        List<TaskRecord> tasks = store.tasks(run.id(), null, 0, TASKS_SHOWN);
        for (int reads = 1; reads < READS; reads++) {
            RunRecord after = store.run(run.id()).orElse(run);
            if (after.progress().equals(run.progress())) {
                break;
            }
            run = after;
            tasks = store.tasks(run.id(), null, 0, TASKS_SHOWN);
        }
        return new WithTasks(run, tasks);
    }

    private byte[] render(WithTasks seen) {
        List<RunView.TaskWithOutput> tasks = new ArrayList<>();
        for (TaskRecord task : seen.tasks()) {
            tasks.add(new RunView.TaskWithOutput(task, outputs.summary(task, true)));
        }
        return RunView.render(seen.run(), tasks);
    }

    static RunId id(Exchange exchange) {
        RunId id = RunId.parse(exchange.pathParameter("id")).orElseThrow(RunRoutes::unknown);
        MDC.put(RequestCycle.MDC_RUN, id.value());
        return id;
    }

    static Refusal unknown() {
        return new Refusal(ErrorKind.NOT_FOUND, "There is no such run.");
    }

    static @Nullable String idempotencyKey(Enumeration<String> headers) {
        if (!headers.hasMoreElements()) {
            return null;
        }
        String key = headers.nextElement();
        if (headers.hasMoreElements()) {
            throw new Refusal(ErrorKind.INVALID_REQUEST, "Idempotency-Key is given twice.");
        }
        boolean printable = key.chars().allMatch(each -> each >= ' ' && each <= '~');
        if (key.isEmpty() || key.length() > LONGEST_KEY || !printable) {
            throw new Refusal(
                    ErrorKind.INVALID_REQUEST,
                    "Idempotency-Key must have 1 to " + LONGEST_KEY + " printable ASCII characters.");
        }
        return key;
    }
}
