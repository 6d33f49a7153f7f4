package dev.hufu.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.Samples;
import dev.hufu.server.http.RequestListener;
import dev.hufu.server.store.AttemptRecord;
import dev.hufu.server.store.TaskRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class MetricsTest {
    private static final Instant ACCEPTED = Instant.parse("2026-03-01T10:00:00Z");

    private final Metrics metrics = new Metrics("1.2.3");

    @AfterEach
    void close() {
        metrics.close();
    }

    private static TaskRecord task(
            TaskState state,
            @Nullable Reason reason,
            @Nullable Instant startedAt,
            @Nullable Instant finishedAt,
            List<AttemptRecord> attempts) {
        RunId run = Samples.id();
        return new TaskRecord(
                run.task(0),
                "local",
                ACCEPTED,
                ACCEPTED.plus(Duration.ofDays(1)),
                new TaskRecord.Progress(state, 1, reason, null, ACCEPTED.plusSeconds(2), startedAt, finishedAt),
                attempts);
    }

    private void assertLine(String line) {
        assertThat(metrics.exposition().lines()).contains(line);
    }

    @Test
    void aTaskIsCountedFromItsDispatchToItsEnd() {
        Instant started = ACCEPTED.plusMillis(2_020);
        Outcome.KillReport killed = new Outcome.KillReport("deadline", "no-children", List.of(), 300);
        Outcome outcome = new Outcome(
                new Outcome.Ending.Signaled("SIGKILL"),
                Outcome.StopCause.DEADLINE,
                started,
                started.plusSeconds(7),
                null,
                Outcome.Output.NONE,
                killed);
        AttemptRecord attempt = new AttemptRecord(
                1, "local", TaskState.TIMED_OUT, Reason.TIMEOUT, started, started.plusSeconds(7), outcome);
        metrics.runs().changed(TaskState.PENDING, task(TaskState.DISPATCHED, null, null, null, List.of()));
        metrics.runs().changed(TaskState.DISPATCHED, task(TaskState.RUNNING, null, started, null, List.of()));
        metrics.runs()
                .changed(
                        TaskState.RUNNING,
                        task(TaskState.TIMED_OUT, Reason.TIMEOUT, started, started.plusSeconds(7), List.of(attempt)));

        assertLine("hufu_task_wait_seconds_sum 2.0");
        assertLine("hufu_task_starts_total 1.0");
        assertLine("hufu_task_start_seconds_bucket{le=\"0.025\"} 1");
        assertLine("hufu_task_start_seconds_bucket{le=\"0.01\"} 0");
        assertLine("hufu_task_run_seconds_sum 7.0");
        assertLine("hufu_tasks_ended_total{reason=\"timeout\",state=\"TIMED_OUT\"} 1.0");
        assertLine("hufu_task_kill_seconds_count{cause=\"deadline\",proof=\"no-children\"} 1");
        assertLine("hufu_task_kill_seconds_sum{cause=\"deadline\",proof=\"no-children\"} 0.3");
    }

    @Test
    void oneThatEndedBeforeItsStartWasHeardOfIsAStartToo() {
        Instant started = ACCEPTED.plusMillis(2_020);
        metrics.runs()
                .changed(
                        TaskState.DISPATCHED,
                        task(TaskState.SUCCEEDED, Reason.EXIT, started, started.plusSeconds(1), List.of()));
        metrics.runs()
                .changed(TaskState.DISPATCHED, task(TaskState.FAILED, Reason.SPAWN_FAILED, null, ACCEPTED, List.of()));
        assertLine("hufu_task_starts_total 1.0");
    }

    /** Whatever callers and agents send, the number of series is bounded. */
    @Test
    void strangeWordsMakeNoNewSeries() {
        for (int i = 0; i < 1_000; i++) {
            metrics.requests().answered("BREW" + i, RequestListener.NO_ROUTE, 400 + i % 100, 5_000_000);
            Outcome outcome = new Outcome(
                    new Outcome.Ending.Exited(0),
                    Outcome.StopCause.REQUESTED,
                    ACCEPTED,
                    ACCEPTED,
                    null,
                    Outcome.Output.NONE,
                    new Outcome.KillReport("cause" + i, "proof" + i, List.of(), 1));
            AttemptId attempt = new AttemptId(Samples.id().task(0), 1);
            metrics.runs()
                    .changed(
                            TaskState.RUNNING,
                            task(
                                    TaskState.CANCELLED,
                                    Reason.CANCELLED,
                                    ACCEPTED,
                                    ACCEPTED,
                                    List.of(new AttemptRecord(
                                            attempt.number(),
                                            "local",
                                            TaskState.CANCELLED,
                                            null,
                                            null,
                                            null,
                                            outcome))));
        }
        List<String> lines = metrics.exposition().lines().toList();
        assertThat(lines)
                .filteredOn(line -> line.startsWith("hufu_http_requests_seconds_count"))
                .hasSize(1);
        assertThat(lines)
                .contains("hufu_task_kill_seconds_count{cause=\"other\",proof=\"other\"} 1000")
                .filteredOn(line -> line.startsWith("hufu_task_kill_seconds_count"))
                .hasSize(2);
    }

    @Test
    void requestsAreCountedByRouteAndRefusalsByCode() {
        metrics.requests().answered("GET", "/api/v1/runs/{id}", 200, 3_000_000);
        metrics.requests().refused(ErrorKind.QUEUE_FULL);
        metrics.requests().loginFailed(true);
        metrics.requests().streams(RequestListener.Stream.OUTPUT, 1);
        metrics.requests().streams(RequestListener.Stream.OUTPUT, 1);
        metrics.requests().streams(RequestListener.Stream.OUTPUT, -1);
        assertLine(
                "hufu_http_requests_seconds_bucket{method=\"GET\",route=\"/api/v1/runs/{id}\",status=\"2xx\",le=\"0.005\"} 1");
        assertLine("hufu_http_refusals_total{code=\"queue-full\"} 1.0");
        assertLine("hufu_http_refusals_total{code=\"internal\"} 0.0");
        assertLine("hufu_http_logins_failed_total{credentials=\"wrong\"} 1.0");
        assertLine("hufu_http_streams{kind=\"output\"} 1.0");
    }

    @Test
    void commitsAreCounted() {
        metrics.store().committed(40, 2_000_000);
        metrics.store().failed(3);
        assertLine("hufu_store_commit_seconds_count 1");
        assertLine("hufu_store_commit_units_bucket{le=\"32.0\"} 0");
        assertLine("hufu_store_commit_units_bucket{le=\"64.0\"} 1");
        assertLine("hufu_store_failures_total 3.0");
    }

    @Test
    void aFigureThatCannotBeHadDoesNotHideTheOthers() {
        metrics.gauge("hufu.some", "Some.", () -> {
            throw new IllegalStateException("no store");
        });
        assertLine("hufu_some NaN");
        assertLine("hufu_build_info{version=\"1.2.3\"} 1");
        assertThat(metrics.exposition()).contains("jvm_memory_used_bytes").contains("process_files_open_files");
    }
}
