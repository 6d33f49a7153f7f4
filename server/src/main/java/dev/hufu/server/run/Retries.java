package dev.hufu.server.run;

import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.RunSpec.OnOutput;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.run.Submissions.Accepted;
import dev.hufu.server.run.Submissions.KeyedRequest;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.TaskRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Orders again what a run that has ended did not achieve: a new run, of the tasks that did not succeed. Thread-safe. */
public final class Retries {
    private static final int PAGE = 500;

    private final RunStore store;
    private final Submissions submissions;

    public Retries(RunStore store, Submissions submissions) {
        this.store = store;
        this.submissions = submissions;
    }

    /**
     * Who asks for a retry, and how.
     *
     * @param idempotency null where the caller gave no key
     */
    public record Request(
            String caller,
            String traceId,
            String traceparent,
            @Nullable KeyedRequest idempotency) {}

    /**
     * Accepts the order of a run again; the new run is durable when this returns.
     *
     * @param answer renders the first answer, kept for replays of the same key
     * @return empty where there is no such run
     * @throws Refusal with {@link ErrorKind#CONFLICT} where it has not ended or everything succeeded, and as
     *     {@link Submissions#submit} does
     */
    public Optional<Accepted> retry(RunId id, Request request, Function<RunRecord, Bytes> answer) {
        Optional<RunRecord> found = store.run(id);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        RunRecord run = found.get();
        if (!run.progress().state().terminal()) {
            throw new Refusal(
                    ErrorKind.CONFLICT,
                    "The run has not ended: " + run.progress().state() + ".");
        }
        List<String> nodes = nodesWithoutSuccess(id);
        if (nodes.isEmpty()) {
            throw new Refusal(ErrorKind.CONFLICT, "Every task of the run succeeded.");
        }
        Submissions.Order order = new Submissions.Order(
                withoutReader(run.spec()),
                request.caller(),
                request.traceId(),
                request.traceparent(),
                request.idempotency());
        return Optional.of(submissions.retry(id, nodes, order, answer));
    }

    /** Whoever read the output of the first is not attached to the second, which would wait for that reader for ever. */
    private static RunSpec withoutReader(RunSpec spec) {
        return spec.limits().onOutput() == OnOutput.BLOCK
                ? spec.with(new RunSpec.Limits(
                        spec.limits().output(), OnOutput.TRUNCATE, spec.limits().resources()))
                : spec;
    }

    private List<String> nodesWithoutSuccess(RunId id) {
        List<String> nodes = new ArrayList<>();
        int from = 0;
        List<TaskRecord> page;
        do {
            page = store.tasks(id, null, from, PAGE);
            for (TaskRecord task : page) {
                if (task.state() != TaskState.SUCCEEDED) {
                    nodes.add(task.node());
                }
                from = task.id().index() + 1;
            }
        } while (page.size() == PAGE);
        return nodes;
    }
}
