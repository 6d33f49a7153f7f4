package dev.hufu.server;

import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.Execution;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunIds;
import dev.hufu.protocol.RunSpec;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.NewRun;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.TaskRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Runs, tasks and outcomes for tests. */
public final class Samples {
    private static final RunIds IDS = new RunIds(Instant::now, new Random());

    private Samples() {}

    public static RunId id() {
        return IDS.next();
    }

    /** A run of one task with an Idempotency-Key. */
    public static NewRun keyed(Instant at, String key, String fingerprint, String answer) {
        return run(
                at,
                1,
                new NewRun.Idempotency(
                        "token:admin", key, fingerprint, Bytes.of(answer.getBytes(StandardCharsets.UTF_8))));
    }

    public static RunSpec spec(String... argv) {
        return prioritized(0, argv);
    }

    public static RunSpec prioritized(int priority, String... argv) {
        return spec(new RunSpec.Limits(RunSpec.Limits.DEFAULT_OUTPUT, RunSpec.OnOutput.TRUNCATE), priority, argv);
    }

    public static RunSpec spec(RunSpec.Limits limits, String... argv) {
        return spec(limits, 0, argv);
    }

    private static RunSpec spec(RunSpec.Limits limits, int priority, String... argv) {
        return new RunSpec(
                new Execution.Argv(argv.length == 0 ? List.of("true") : List.of(argv)),
                Map.of(),
                null,
                Bytes.EMPTY,
                RunSpec.DEFAULT_TIMEOUT,
                RunSpec.DEFAULT_KILL_GRACE,
                RunSpec.DEFAULT_EXPIRES_AFTER,
                limits,
                priority,
                Map.of());
    }

    /** One with something in every field. */
    public static RunSpec fullSpec() {
        Map<String, String> env = new LinkedHashMap<>();
        env.put("ZEBRA", "ä\u0000\uD83D\uDC05 \"quoted\"\n");
        env.put("ANT", "");
        return new RunSpec(
                        new Execution.Script("echo $1\n", List.of("/bin/sh", "-e"), List.of("--", "x y")),
                        env,
                        "/tmp/mit Leerzeichen",
                        Bytes.of("stdin \u0000 bytes".getBytes(StandardCharsets.UTF_8)),
                        null,
                        Duration.ofMillis(1),
                        Duration.ofDays(30),
                        new RunSpec.Limits(1L << 30, RunSpec.OnOutput.TRUNCATE),
                        -10,
                        Map.of("ticket", "OPS-1"))
                .with(retry(7, Duration.ofMillis(1), RunSpec.RetryOn.LOST, RunSpec.RetryOn.EXIT));
    }

    public static RunSpec.Retry retry(int maxAttempts, Duration backoff, RunSpec.RetryOn... on) {
        return new RunSpec.Retry(maxAttempts, backoff, Duration.ofMinutes(1), List.of(on));
    }

    public static NewRun run(Instant now) {
        return run(now, 1, null);
    }

    public static NewRun run(Instant now, int tasks, NewRun.@Nullable Idempotency key) {
        return run(id(), now, spec("true"), tasks, key);
    }

    public static NewRun run(RunId id, Instant now, RunSpec spec, int tasks, NewRun.@Nullable Idempotency key) {
        List<TaskRecord> records = new ArrayList<>();
        for (int i = 0; i < tasks; i++) {
            records.add(new TaskRecord(
                    id.task(i), "local", now, now.plus(spec.expiresAfter()), TaskRecord.Progress.pending(), List.of()));
        }
        RunRecord run = new RunRecord(
                id,
                spec,
                new RunRecord.Origin(now, "token:admin", null, "0af7651916cd43dd8448eb211c80319c", "00-0af7-b7ad-01"),
                RunRecord.Progress.pending(tasks));
        return new NewRun(
                run,
                records,
                key,
                new AuditEvent(now, "token:admin", "run.submitted", id.value(), Map.of("traceId", "0af7", "b", "2")));
    }

    public static Outcome exited(int code, Instant startedAt, Instant finishedAt) {
        return ended(new Outcome.Ending.Exited(code), Outcome.StopCause.NONE, startedAt, finishedAt);
    }

    public static Outcome ended(
            Outcome.Ending ending, Outcome.StopCause cause, @Nullable Instant startedAt, Instant finishedAt) {
        return new Outcome(
                ending,
                cause,
                startedAt,
                finishedAt,
                new Outcome.Usage(12, 3, 4, 1 << 20),
                new Outcome.Output(5, 6, true, false),
                new Outcome.KillReport(
                        "requested",
                        "no-children",
                        List.of(new Outcome.KillReport.Step("SIGTERM", finishedAt, 2, 1)),
                        7));
    }
}
