package dev.hufu.server.http;

import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.TaskId;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.http.json.CanonicalJson;
import dev.hufu.server.http.json.Json;
import dev.hufu.server.http.order.RunRequestReader;
import dev.hufu.server.http.stream.FrameFormat;
import dev.hufu.server.http.stream.MediaType;
import dev.hufu.server.http.stream.OpenStream;
import dev.hufu.server.http.stream.OutputFollow;
import dev.hufu.server.http.stream.OutputFollow.Wanted;
import dev.hufu.server.http.stream.Streams;
import dev.hufu.server.http.view.TaskView;
import dev.hufu.server.output.OutputCursor.Positions;
import dev.hufu.server.output.TaskOutputs;
import dev.hufu.server.run.Refusal;
import dev.hufu.server.run.RunActions;
import dev.hufu.server.run.Submissions;
import dev.hufu.server.run.Submissions.Accepted;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.server.store.TaskRecord;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** {@code /exec}: a run whose caller stays for its output and its end, and takes it with him when he goes. */
final class ExecRoutes {
    private static final Logger LOG = LoggerFactory.getLogger(ExecRoutes.class);

    private static final int CANCEL_TRIES = 60;
    private static final Duration CANCEL_PAUSE = Duration.ofSeconds(1);

    private final RunActions runs;
    private final RunStore store;
    private final TaskOutputs outputs;
    private final OutputFollow follow;
    private final Streams streams;
    private final Timers timers;

    ExecRoutes(
            RunActions runs, RunStore store, TaskOutputs outputs, OutputFollow follow, Streams streams, Timers timers) {
        this.runs = runs;
        this.store = store;
        this.outputs = outputs;
        this.follow = follow;
        this.streams = streams;
        this.timers = timers;
    }

    List<Route> routes() {
        return List.of(new Route("POST", "/api/v1/exec", Permission.SUBMIT, this::exec));
    }

    private void exec(Exchange exchange) throws IOException, InterruptedException {
        exchange.noQuery();
        exchange.accepted(MediaType.FRAMES);
        String key = RunRoutes.idempotencyKey(exchange.headers("Idempotency-Key"));
        byte[] body = exchange.jsonBody();
        Submissions.Order order = new Submissions.Order(
                RunRequestReader.read(body, RunSpec.OnOutput.BLOCK, runs.bounds()),
                exchange.caller().name(),
                exchange.trace().traceId(),
                exchange.trace().traceparent(),
                // The same body means another order elsewhere, where its output waits for nobody.
                key == null ? null : new Submissions.KeyedRequest(key, "exec:" + CanonicalJson.fingerprint(body)));
        Accepted accepted = runs.submissions().submit(order, _ -> Bytes.EMPTY);
        RunId run = accepted.run();
        MDC.put(RequestCycle.MDC_RUN, run.value());
        exchange.header("Location", RunRoutes.RUNS + "/" + run);
        if (accepted instanceof Accepted.Replayed) {
            exchange.header("Idempotent-Replayed", "true");
        }
        boolean settled = false;
        try {
            settled = attached(exchange, run);
        } finally {
            if (!settled) {
                cancel(run, exchange.caller().name());
            }
        }
    }

    /** Answers whether the run has ended, or goes on without its caller; else it is to be cancelled. */
    private boolean attached(Exchange exchange, RunId run) throws IOException, InterruptedException {
        TaskId task = run.task(0);
        FrameFormat format = FrameFormat.linesWithoutEnd();
        try (OpenStream stream = exchange.stream(RequestListener.Stream.EXEC, MediaType.FRAMES, streams)) {
            // As on a pipe: a caller who does not read makes the process wait.
            stream.withoutIdleTimeout();
            format.line(stream, begun(run, task));
            stream.flush();
            OutputFollow.End end =
                    follow.run(new Wanted(task, 0, null, Positions.START, Long.MAX_VALUE), format, stream);
            switch (end) {
                case COMPLETE -> format.line(stream, exit(task));
                case SERVER_STOPS ->
                    format.error(
                            Problem.of(
                                            ErrorKind.DRAINING,
                                            "The server is shutting down; the run goes on, and can be read at the next"
                                                    + " one.")
                                    .toJson(exchange.trace().traceId()),
                            stream);
                case LIMIT, CLIENT_GONE -> {
                    return false;
                }
            }
            stream.flush();
            return true;
        }
    }

    private static byte[] begun(RunId run, TaskId task) {
        return Json.write(generator -> {
            generator.writeStartObject();
            generator.writeObjectPropertyStart("run");
            generator.writeStringProperty("id", run.value());
            generator.writeStringProperty("taskId", task.toString());
            generator.writeEndObject();
            generator.writeEndObject();
        });
    }

    private byte[] exit(TaskId id) {
        TaskRecord task = store.task(id).orElseThrow(TaskRoutes::unknown);
        return Json.write(generator -> {
            generator.writeStartObject();
            generator.writeName("exit");
            TaskView.write(generator, task, outputs.summary(task, false));
            generator.writeEndObject();
        });
    }

    private void cancel(RunId run, String caller) throws InterruptedException {
        for (int i = 0; i < CANCEL_TRIES; i++) {
            try {
                runs.cancellations().cancel(run, caller);
                return;
            } catch (Refusal ended) {
                LOG.debug("The caller of run {} left when it had ended", run, ended);
                return;
            } catch (StoreUnavailableException unavailable) {
                LOG.warn("Run {}, whose caller left, cannot be cancelled now", run, unavailable);
            }
            timers.sleep(CANCEL_PAUSE);
        }
        LOG.error("Run {}, whose caller left, could not be cancelled", run);
    }
}
