package dev.hufu.server.run;

import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunIds;
import dev.hufu.protocol.RunSpec;
import dev.hufu.server.audit.AuditAction;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.NewRun;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.TaskRecord;
import dev.hufu.support.Timers;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Turns a decoded request into a durable run, or refuses it. Thread-safe; refuses everything once it drains. */
public final class Submissions {
    /** The name of the node that is the server's own machine. */
    public static final String LOCAL_NODE = "local";

    /**
     * A request to run something, decoded and with every default filled in.
     *
     * @param caller who asks, as the audit log names it
     * @param idempotency null where the caller gave no key
     */
    public record Order(
            RunSpec spec,
            String caller,
            String traceId,
            String traceparent,
            @Nullable KeyedRequest idempotency) {}

    /**
     * What an order asks of the fleet.
     *
     * @param nodes one for each task, in order of index
     * @param retryOf the run whose tasks these were; null where it is a new order
     */
    private record Plan(List<String> nodes, @Nullable RunId retryOf) {}

    /**
     * A request's Idempotency-Key.
     *
     * @param fingerprint of the canonical request
     */
    public record KeyedRequest(String key, String fingerprint) {}

    /** What became of an order; a refusal is thrown as {@link Refusal}. */
    public sealed interface Accepted {
        RunId run();

        record Created(RunRecord record) implements Accepted {
            @Override
            public RunId run() {
                return record.id();
            }
        }

        record Replayed(RunId run, Bytes firstAnswer) implements Accepted {}
    }

    private final RunStore store;
    private final RunIds ids;
    private final Timers timers;
    private final OrderPolicy policy;
    private final Wakeups wakeups;
    private final QueueLimit queue;
    private final LifecycleListener listener;
    private volatile boolean draining;

    public Submissions(
            RunStore store,
            RunIds ids,
            Timers timers,
            OrderPolicy policy,
            Wakeups wakeups,
            QueueLimit queue,
            LifecycleListener listener) {
        this.store = store;
        this.ids = ids;
        this.timers = timers;
        this.policy = policy;
        this.wakeups = wakeups;
        this.queue = queue;
        this.listener = listener;
    }

    /** From now on every order is refused as draining. */
    public void drain() {
        draining = true;
    }

    public boolean draining() {
        return draining;
    }

    /**
     * Accepts an order; it is durable when this returns.
     *
     * @param answer renders the first answer, kept for replays of the same key
     */
    public Accepted submit(Order order, Function<RunRecord, Bytes> answer) {
        return accept(order, new Plan(List.of(LOCAL_NODE), null), answer);
    }

    /** Accepts an order again, for these nodes, as {@link #submit} does. */
    Accepted retry(RunId retryOf, List<String> nodes, Order order, Function<RunRecord, Bytes> answer) {
        return accept(order, new Plan(nodes, retryOf), answer);
    }

    private Accepted accept(Order order, Plan plan, Function<RunRecord, Bytes> answer) {
        if (draining || queue.isFull(plan.nodes().size(), store.pendingTasks())) {
            // What was accepted before is no new work.
            Optional<Accepted> before = acceptedBefore(order);
            if (before.isPresent()) {
                return before.get();
            }
        }
        refuseWhileDraining();
        checkPolicy(order);
        policy.refuseImpossible(order.spec(), plan.nodes());
        return queue.enter(plan.nodes().size(), store::pendingTasks, () -> insert(build(order, plan, answer)));
    }

    private void refuseWhileDraining() {
        if (draining) {
            throw new Refusal(ErrorKind.DRAINING, "The server is shutting down and takes no new runs.");
        }
    }

    private Optional<Accepted> acceptedBefore(Order order) {
        KeyedRequest keyed = order.idempotency();
        return keyed == null
                ? Optional.empty()
                : store.known(order.caller(), keyed.key(), keyed.fingerprint()).map(this::accepted);
    }

    private Accepted insert(NewRun run) {
        // It may have been held back.
        refuseWhileDraining();
        return accepted(store.insert(run));
    }

    private Accepted accepted(RunStore.Inserted inserted) {
        return switch (inserted) {
            case RunStore.Inserted.Created created -> {
                wakeups.workPending();
                listener.accepted(created.run());
                yield new Accepted.Created(created.run());
            }
            case RunStore.Inserted.Replayed replayed -> {
                listener.replayed();
                yield new Accepted.Replayed(replayed.run(), replayed.firstAnswer());
            }
            case RunStore.Inserted.KeyReused _ ->
                throw new Refusal(
                        ErrorKind.IDEMPOTENCY_KEY_REUSED, "This Idempotency-Key was used for a different request.");
        };
    }

    private void checkPolicy(Order order) {
        List<Refusal.FieldError> forbidden = policy.forbidden(order.spec());
        if (!forbidden.isEmpty()) {
            store.record(AuditEvent.of(
                    timers.now(),
                    order.caller(),
                    AuditAction.RUN_REFUSED,
                    "runs",
                    Map.of(
                            "code",
                            ErrorKind.FORBIDDEN.code(),
                            "pointer",
                            forbidden.getFirst().pointer())));
            throw new Refusal(ErrorKind.FORBIDDEN, "The node's policy does not allow this.", forbidden);
        }
    }

    private NewRun build(Order order, Plan plan, Function<RunRecord, Bytes> answer) {
        RunId id = ids.next();
        Instant now = timers.now().truncatedTo(ChronoUnit.MILLIS);
        // Lists by time go by the ids. Where the clock went back the ids are ahead, and the clock is told as it is.
        Instant createdAt = id.time().isBefore(now) ? id.time() : now;
        List<TaskRecord> tasks = new ArrayList<>();
        for (String node : plan.nodes()) {
            tasks.add(new TaskRecord(
                    id.task(tasks.size()),
                    node,
                    createdAt,
                    createdAt.plus(order.spec().expiresAfter()),
                    TaskRecord.Progress.pending(),
                    List.of()));
        }
        RunRecord run = new RunRecord(
                id,
                order.spec(),
                new RunRecord.Origin(createdAt, order.caller(), plan.retryOf(), order.traceId(), order.traceparent()),
                RunRecord.Progress.pending(tasks.size()));
        KeyedRequest keyed = order.idempotency();
        NewRun.Idempotency idempotency = keyed == null
                ? null
                : new NewRun.Idempotency(order.caller(), keyed.key(), keyed.fingerprint(), answer.apply(run));
        return new NewRun(run, tasks, idempotency, audit(run));
    }

    private static AuditEvent audit(RunRecord run) {
        RunRecord.Origin origin = run.origin();
        RunId retryOf = origin.retryOf();
        return AuditEvent.of(
                origin.createdAt(),
                origin.createdBy(),
                AuditAction.RUN_SUBMITTED,
                run.id().value(),
                retryOf == null
                        ? Map.of("traceId", origin.traceId())
                        : Map.of("traceId", origin.traceId(), "retryOf", retryOf.value()));
    }
}
