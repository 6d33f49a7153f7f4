package dev.hufu.server.metrics;

import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.RunState;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.run.LifecycleListener;
import dev.hufu.server.store.AttemptRecord;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.TaskRecord;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs and tasks: how many, how they ended, how long they took. Thread-safe. */
final class RunMetrics implements LifecycleListener {
    private static final String NONE = "none";
    private static final String OTHER = "other";
    private static final Set<String> CAUSES = Stream.of(Outcome.StopCause.values())
            .map(cause -> cause.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
    private static final Set<String> PROOFS = Set.of("cgroup", "no-children", "what-was-found");

    private final MeterRegistry registry;
    private final Counter accepted;
    private final Counter replayed;
    private final Counter starts;
    private final Counter retries;
    private final Timer runDuration;
    private final Timer wait;
    private final Timer start;
    private final Timer running;

    RunMetrics(MeterRegistry registry) {
        this.registry = registry;
        accepted = counter("hufu.runs.accepted", "Runs that were made durable.");
        replayed = counter("hufu.runs.replayed", "Submits answered with the run their Idempotency-Key had made.");
        starts = counter("hufu.task.starts", "Attempts whose program was started.");
        retries = counter("hufu.task.retries", "Attempts that ended and are followed by another.");
        runDuration = Buckets.longTimer("hufu.run.duration", "From a run's acceptance to its end.")
                .register(registry);
        wait = Buckets.longTimer("hufu.task.wait", "From a task's acceptance to its dispatch.")
                .register(registry);
        start = Buckets.shortTimer("hufu.task.start", "From a task's dispatch to the start of its program.")
                .register(registry);
        running = Buckets.longTimer("hufu.task.run", "From the start of a task's program to the task's end.")
                .register(registry);
        for (RunState state : RunState.values()) {
            if (state.terminal()) {
                ended(state);
            }
        }
        ended(TaskState.SUCCEEDED, Reason.EXIT.word());
        kill("requested", "no-children");
    }

    @Override
    public void accepted(RunRecord run) {
        accepted.increment();
    }

    @Override
    public void replayed() {
        replayed.increment();
    }

    @Override
    public void changed(TaskState from, TaskRecord task) {
        TaskRecord.Progress now = task.progress();
        if (task.state() == TaskState.DISPATCHED) {
            record(wait, task.createdAt(), now.dispatchedAt());
        }
        if (from == TaskState.DISPATCHED && now.startedAt() != null) {
            starts.increment();
            record(start, now.dispatchedAt(), now.startedAt());
        }
        if (task.state() == TaskState.RETRYING) {
            retries.increment();
        }
        if (task.state().terminal()) {
            Reason reason = now.reason();
            ended(task.state(), reason == null ? NONE : reason.word()).increment();
            record(running, now.startedAt(), now.finishedAt());
        }
        boolean ended = from == TaskState.DISPATCHED || from == TaskState.RUNNING;
        AttemptRecord attempt = task.currentAttemptRecord();
        if (ended
                && attempt != null
                && attempt.outcome() != null
                && attempt.outcome().killReport() != null) {
            Outcome.KillReport report = attempt.outcome().killReport();
            kill(known(CAUSES, report.cause()), known(PROOFS, report.proof()))
                    .record(Duration.ofMillis(report.durationMs()));
        }
    }

    @Override
    public void ended(RunRecord run) {
        ended(run.progress().state()).increment();
        record(runDuration, run.origin().createdAt(), run.progress().finishedAt());
    }

    private static void record(Timer timer, @Nullable Instant from, @Nullable Instant to) {
        if (from != null && to != null && !to.isBefore(from)) {
            timer.record(Duration.between(from, to));
        }
    }

    /** An agent's words become label values only where they are known: others would add up without end. */
    private static String known(Set<String> words, String word) {
        return words.contains(word) ? word : OTHER;
    }

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).register(registry);
    }

    private Counter ended(RunState state) {
        return Counter.builder("hufu.runs.ended")
                .description("Runs that ended, by state.")
                .tag("state", state.name())
                .register(registry);
    }

    private Counter ended(TaskState state, String reason) {
        return Counter.builder("hufu.tasks.ended")
                .description("Tasks that ended, by state and reason.")
                .tag("state", state.name())
                .tag("reason", reason)
                .register(registry);
    }

    private Timer kill(String cause, String proof) {
        return Buckets.longTimer(
                        "hufu.task.kill", "From the first signal to the proof that nothing of an attempt is left.")
                .tag("cause", cause)
                .tag("proof", proof)
                .register(registry);
    }
}
