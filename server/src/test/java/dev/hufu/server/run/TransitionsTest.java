package dev.hufu.server.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Outcome.Ending;
import dev.hufu.protocol.Outcome.StopCause;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.RunSpec.Retry;
import dev.hufu.protocol.RunSpec.RetryOn;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.Samples;
import dev.hufu.server.store.AttemptRecord;
import dev.hufu.server.store.TaskRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class TransitionsTest {
    private static final Instant ACCEPTED = Instant.parse("2026-03-01T10:00:00Z");
    private static final Instant DISPATCHED_AT = ACCEPTED.plusSeconds(1);
    private static final Instant STARTED_AT = ACCEPTED.plusSeconds(2);
    private static final Instant NOW = ACCEPTED.plusSeconds(9);
    private static final int ATTEMPT = 2;

    /** Where a task can be. {@code LOST} is two: with and without knowledge of its start. */
    private static final List<String> PLACES = List.of(
            "PENDING", "REOFFERED", "DISPATCHED", "RUNNING", "HELD", "RETRYING", "ENDED", "LOST", "LOST-RUNNING");

    /** What follows, and why; a dash where nothing changes. ENDED stands for every terminal state but LOST. */
    private static final String TABLE = """
            event                 PENDING             REOFFERED           DISPATCHED              RUNNING              HELD                 RETRYING            ENDED LOST                    LOST-RUNNING
            leased                DISPATCHED          DISPATCHED          -                       -                    -                    -                   -     -                       -
            leased+cancel         CANCELLED/cancelled CANCELLED/cancelled -                       -                    -                    CANCELLED/cancelled -     -                       -
            not-accepted          -                   -                   PENDING                 -                    -                    -                   -     -                       -
            not-accepted+cancel   -                   -                   CANCELLED/cancelled     -                    -                    -                   -     -                       -
            started               -                   -                   RUNNING                 -                    -                    -                   -     -                       -
            kill-pending          -                   -                   -                       RUNNING/kill-pending -                    -                   -     -                       -
            kill-over             -                   -                   -                       -                    RUNNING              -                   -     -                       -
            exit-0                -                   -                   SUCCEEDED/exit          SUCCEEDED/exit       SUCCEEDED/exit       -                   -     SUCCEEDED/exit          SUCCEEDED/exit
            exit-7                -                   -                   FAILED/exit             FAILED/exit          FAILED/exit          -                   -     FAILED/exit             FAILED/exit
            signal                -                   -                   FAILED/signal           FAILED/signal        FAILED/signal        -                   -     FAILED/signal           FAILED/signal
            exit-0:deadline       -                   -                   TIMED_OUT/timeout       TIMED_OUT/timeout    TIMED_OUT/timeout    -                   -     TIMED_OUT/timeout       TIMED_OUT/timeout
            signal:deadline       -                   -                   TIMED_OUT/timeout       TIMED_OUT/timeout    TIMED_OUT/timeout    -                   -     TIMED_OUT/timeout       TIMED_OUT/timeout
            exit-0:requested      -                   -                   CANCELLED/cancelled     CANCELLED/cancelled  CANCELLED/cancelled  -                   -     CANCELLED/cancelled     CANCELLED/cancelled
            signal:requested      -                   -                   CANCELLED/cancelled     CANCELLED/cancelled  CANCELLED/cancelled  -                   -     CANCELLED/cancelled     CANCELLED/cancelled
            signal:output         -                   -                   FAILED/output-limit     FAILED/output-limit  FAILED/output-limit  -                   -     FAILED/output-limit     FAILED/output-limit
            signal:memory         -                   -                   FAILED/memory-limit     FAILED/memory-limit  FAILED/memory-limit  -                   -     FAILED/memory-limit     FAILED/memory-limit
            signal:pids           -                   -                   FAILED/pid-limit        FAILED/pid-limit     FAILED/pid-limit     -                   -     FAILED/pid-limit        FAILED/pid-limit
            signal:supervisor     -                   -                   LOST/supervisor-lost    LOST/supervisor-lost LOST/supervisor-lost -                   -     -                       -
            exit-0-unstarted      -                   -                   LOST/record-damaged     SUCCEEDED/exit       SUCCEEDED/exit       -                   -     -                       SUCCEEDED/exit
            spawn-failed          -                   -                   FAILED/spawn-failed     LOST/record-damaged  LOST/record-damaged  -                   -     FAILED/spawn-failed     -
            never-started         -                   -                   CANCELLED/cancelled     LOST/record-damaged  LOST/record-damaged  -                   -     CANCELLED/cancelled     -
            refused-as-expired    -                   -                   EXPIRED/expired         LOST/record-damaged  LOST/record-damaged  -                   -     -                       -
            rejected              -                   -                   FAILED/rejected         LOST/record-damaged  LOST/record-damaged  -                   -     -                       -
            unknown               -                   -                   LOST/record-damaged     LOST/record-damaged  LOST/record-damaged  -                   -     -                       -
            node-lost             -                   -                   LOST/node-lost          LOST/node-lost       LOST/node-lost       -                   -     -                       -
            cancel                CANCELLED/cancelled CANCELLED/cancelled -                       -                    -                    CANCELLED/cancelled -     -                       -
            backoff-over          -                   -                   -                       -                    -                    PENDING             -     -                       -
            backoff-over+cancel   -                   -                   -                       -                    -                    CANCELLED/cancelled -     -                       -
            expiry                EXPIRED/expired     EXPIRED/expired     -                       -                    -                    EXPIRED/expired     -     -                       -
            """;

    /** What guarantees allow; whatever the code does lies within it. */
    private static final Map<TaskState, Set<TaskState>> ALLOWED = Map.of(
            TaskState.PENDING, Set.of(TaskState.DISPATCHED, TaskState.EXPIRED, TaskState.CANCELLED, TaskState.FAILED),
            TaskState.RETRYING, Set.of(TaskState.PENDING, TaskState.CANCELLED, TaskState.EXPIRED),
            TaskState.LOST, Set.of(TaskState.SUCCEEDED, TaskState.FAILED, TaskState.TIMED_OUT, TaskState.CANCELLED),
            TaskState.RUNNING,
                    Set.of(
                            TaskState.RUNNING,
                            TaskState.SUCCEEDED,
                            TaskState.FAILED,
                            TaskState.TIMED_OUT,
                            TaskState.CANCELLED,
                            TaskState.RETRYING,
                            TaskState.LOST));

    private static final Retry EVERY_END =
            new Retry(3, Duration.ofSeconds(4), Duration.ofSeconds(60), List.of(RetryOn.values()));

    @Test
    void everyPairOfStateAndEventGivesWhatTheTableSays() {
        Map<String, String> expected = expected();
        assertThat(expected).hasSize(events().size() * PLACES.size());
        events().forEach((name, event) -> PLACES.forEach(place -> {
            for (TaskRecord task : tasks(place)) {
                assertThat(described(next(task, name, event.of(ATTEMPT))))
                        .as("%s in %s (%s)", name, place, task.state())
                        .isEqualTo(expected.get(name + " in " + place));
            }
        }));
    }

    @Test
    void f30_whatNamesAnotherAttemptChangesNothing() {
        events().forEach((name, event) -> {
            if (namesAnAttempt(event.of(ATTEMPT))) {
                for (String place : PLACES) {
                    for (TaskRecord task : tasks(place)) {
                        for (int other : new int[] {ATTEMPT - 1, ATTEMPT + 1}) {
                            assertThat(next(task, name, event.of(other)))
                                    .as("%s of attempt %s in %s", name, other, place)
                                    .isEmpty();
                        }
                    }
                }
            }
        });
    }

    @Test
    void f30_whatIsRepeatedChangesNothing() {
        events().forEach((name, event) -> PLACES.forEach(place -> {
            for (TaskRecord task : tasks(place)) {
                Optional<Transitions.Next> first = next(task, name, event.of(ATTEMPT));
                first.ifPresent(changed -> assertThat(next(after(task, changed), name, event.of(ATTEMPT)))
                        .as("%s repeated in %s", name, place)
                        .isEmpty());
            }
        }));
    }

    @Test
    void whatIsWrittenFitsTogether() {
        everyChange((task, next) -> {
            TaskRecord.Progress progress = next.progress();
            boolean ended = progress.state().terminal();
            assertThat(progress.finishedAt() != null).isEqualTo(ended);
            assertThat(progress.attempt())
                    .isEqualTo(task.state() == TaskState.RETRYING && !ended ? ATTEMPT + 1 : ATTEMPT);
            assertThat(progress.nextAttemptAt() != null).isEqualTo(progress.state() == TaskState.RETRYING);
            assertThat(!ended || progress.reason() != null).isTrue();
            AttemptRecord attempt = next.attempt();
            if (attempt != null && progress.state() == TaskState.RETRYING) {
                assertThat(attempt.state().terminal()).isTrue();
                assertThat(attempt.reason()).isEqualTo(progress.reason());
                assertThat(attempt.finishedAt()).isEqualTo(NOW);
            } else if (attempt != null) {
                assertThat(attempt.number()).isEqualTo(ATTEMPT);
                assertThat(attempt.state()).isEqualTo(progress.state());
                assertThat(attempt.reason()).isEqualTo(progress.reason());
                assertThat(attempt.startedAt()).isEqualTo(progress.startedAt());
                assertThat(attempt.finishedAt()).isEqualTo(progress.finishedAt());
            }
        });
    }

    @Test
    void nothingHappensThatIsNotPromised() {
        everyChange((task, next) -> {
            Set<TaskState> allowed = ALLOWED.get(task.state());
            if (allowed != null) {
                assertThat(allowed).contains(next.progress().state());
            } else {
                assertThat(task.state()).isEqualTo(TaskState.DISPATCHED);
            }
        });
    }

    @Test
    void theDiagramShowsWhatTheCodeDoes() throws IOException {
        Set<String> inTheCode = new TreeSet<>();
        everyChange((task, next) ->
                inTheCode.add(task.state() + " --> " + next.progress().state()));
        Set<String> inTheDiagram = new TreeSet<>();
        Pattern edge = Pattern.compile("\\s+([A-Z_]+) --> ([A-Z_]+): .+");
        for (String line : Files.readAllLines(Path.of("..", "docs", "lifecycle.md"))) {
            Matcher matcher = edge.matcher(line);
            if (matcher.matches()) {
                inTheDiagram.add(matcher.group(1) + " --> " + matcher.group(2));
            }
        }
        assertThat(inTheDiagram).isEqualTo(inTheCode);
    }

    /** What ends of an attempt become where every end may be followed by another; what is not named is as without. */
    @Test
    void anEndThatIsNamedIsFollowedByAnotherAttemptAndNoOtherIs() {
        Map<String, RetryOn> followed = Map.of(
                "exit-7", RetryOn.EXIT,
                "signal", RetryOn.SIGNAL,
                "exit-0:deadline", RetryOn.TIMEOUT,
                "signal:deadline", RetryOn.TIMEOUT,
                "signal:memory", RetryOn.MEMORY,
                "spawn-failed", RetryOn.SPAWN,
                "signal:supervisor", RetryOn.LOST,
                "unknown", RetryOn.LOST,
                "node-lost", RetryOn.LOST);
        events().forEach((name, event) -> {
            for (RetryOn end : RetryOn.values()) {
                Retry retry = new Retry(3, Duration.ofSeconds(4), Duration.ofSeconds(60), List.of(end));
                TaskRecord task = tasks("DISPATCHED").getFirst();
                Optional<Transitions.Next> with = next(task, name, retry, 0.5, event.of(ATTEMPT));
                boolean retries = followed.get(name) == end || (end == RetryOn.LOST && name.equals("exit-0-unstarted"));
                if (retries) {
                    Transitions.Next plain = next(task, name, event.of(ATTEMPT)).orElseThrow();
                    assertThat(with.orElseThrow().progress())
                            .as(name)
                            .isEqualTo(new TaskRecord.Progress(
                                    TaskState.RETRYING,
                                    ATTEMPT,
                                    plain.progress().reason(),
                                    plain.progress().message(),
                                    null,
                                    null,
                                    null,
                                    NOW.plusSeconds(4)));
                    assertThat(with.get().attempt()).isEqualTo(plain.attempt());
                } else {
                    assertThat(with).as("%s with %s", name, end).isEqualTo(next(task, name, event.of(ATTEMPT)));
                }
            }
        });
    }

    @Test
    void theLastAttemptACancelledRunAndWhatCouldNotStartInTimeAreNotFollowed() {
        TaskEvent end = Objects.requireNonNull(events().get("exit-7")).of(ATTEMPT);
        TaskRecord task = tasks("RUNNING").getFirst();
        Retry two = new Retry(2, Duration.ZERO, Duration.ZERO, List.of(RetryOn.EXIT));
        assertThat(described(next(task, "", two, 0, end))).isEqualTo("FAILED/exit");
        assertThat(described(next(task, "+cancel", EVERY_END, 0, end))).isEqualTo("FAILED/exit");
        Retry late = new Retry(3, Duration.ofDays(2), Duration.ofDays(2), List.of(RetryOn.EXIT));
        assertThat(described(next(task, "", late, 0.9, end))).isEqualTo("FAILED/exit");
        assertThat(described(next(task, "", late, 0.1, end))).isEqualTo("RETRYING/exit");
    }

    @Test
    void theWaitDoublesUpToItsCapAndIsAnyPartOfThat() {
        int attempt = 1;
        for (long longest : new long[] {4, 8, 16, 32, 60, 60}) {
            for (double draw : new double[] {0, 0.25, 0.999}) {
                Retry retry = new Retry(100, Duration.ofSeconds(4), Duration.ofSeconds(60), List.of(RetryOn.EXIT));
                TaskRecord task = task(TaskState.RUNNING, null, DISPATCHED_AT, STARTED_AT, null, true);
                TaskRecord.Progress at = new TaskRecord.Progress(
                        TaskState.RUNNING, attempt, null, null, DISPATCHED_AT, STARTED_AT, null);
                TaskRecord of =
                        new TaskRecord(task.id(), task.node(), task.createdAt(), task.expiresAt(), at, task.attempts());
                assertThat(next(
                                        of,
                                        "",
                                        retry,
                                        draw,
                                        Objects.requireNonNull(events().get("exit-7"))
                                                .of(attempt))
                                .orElseThrow()
                                .progress()
                                .nextAttemptAt())
                        .isEqualTo(NOW.plusNanos(
                                (long) (Duration.ofSeconds(longest).toNanos() * draw)));
            }
            attempt++;
        }
        Retry large = new Retry(100, Duration.ofDays(30), Duration.ofDays(30), List.of(RetryOn.EXIT));
        assertThat(next(
                        tasks("RUNNING").getFirst(),
                        "",
                        large,
                        0,
                        Objects.requireNonNull(events().get("exit-7")).of(ATTEMPT)))
                .isPresent();
    }

    @FunctionalInterface
    private interface EventOf {
        TaskEvent of(int attempt);
    }

    @FunctionalInterface
    private interface Check {
        void check(TaskRecord task, Transitions.Next next);
    }

    private static void everyChange(Check check) {
        events().forEach((name, event) -> PLACES.forEach(place -> {
            for (TaskRecord task : tasks(place)) {
                next(task, name, event.of(ATTEMPT)).ifPresent(next -> check.check(task, next));
                next(task, name, EVERY_END, 0.5, event.of(ATTEMPT)).ifPresent(next -> check.check(task, next));
            }
        }));
    }

    private static Optional<Transitions.Next> next(TaskRecord task, String name, TaskEvent event) {
        return next(task, name, null, 0.5, event);
    }

    private static Optional<Transitions.Next> next(
            TaskRecord task, String name, @Nullable Retry retry, double draw, TaskEvent event) {
        Transitions.Circumstances circumstances =
                new Transitions.Circumstances(name.endsWith("+cancel"), retry, draw, NOW);
        return Transitions.next(task, circumstances, event);
    }

    private static Map<String, EventOf> events() {
        Map<String, EventOf> events = new LinkedHashMap<>();
        for (String suffix : List.of("", "+cancel")) {
            events.put("backoff-over" + suffix, attempt -> new TaskEvent.BackoffOver(attempt, NOW));
            events.put("leased" + suffix, _ -> new TaskEvent.Leased(NOW));
            events.put("not-accepted" + suffix, attempt -> new TaskEvent.NotAccepted(attempt, NOW));
        }
        events.put("started", attempt -> new TaskEvent.Started(attempt, STARTED_AT, NOW));
        events.put("kill-pending", attempt -> new TaskEvent.KillPending(attempt, true, NOW));
        events.put("kill-over", attempt -> new TaskEvent.KillPending(attempt, false, NOW));
        events.put("exit-0", ended(new Ending.Exited(0), StopCause.NONE, STARTED_AT));
        events.put("exit-7", ended(new Ending.Exited(7), StopCause.NONE, STARTED_AT));
        events.put("signal", ended(new Ending.Signaled("SIGKILL"), StopCause.NONE, STARTED_AT));
        events.put("exit-0:deadline", ended(new Ending.Exited(0), StopCause.DEADLINE, STARTED_AT));
        events.put("signal:deadline", ended(new Ending.Signaled("SIGTERM"), StopCause.DEADLINE, STARTED_AT));
        events.put("exit-0:requested", ended(new Ending.Exited(0), StopCause.REQUESTED, STARTED_AT));
        events.put("signal:requested", ended(new Ending.Signaled("SIGTERM"), StopCause.REQUESTED, STARTED_AT));
        events.put("signal:output", ended(new Ending.Signaled("SIGKILL"), StopCause.OUTPUT, STARTED_AT));
        events.put("signal:memory", ended(new Ending.Signaled("SIGKILL"), StopCause.MEMORY, STARTED_AT));
        events.put("signal:pids", ended(new Ending.Signaled("SIGKILL"), StopCause.PIDS, STARTED_AT));
        events.put("signal:supervisor", ended(new Ending.Signaled("SIGKILL"), StopCause.SUPERVISOR_LOST, STARTED_AT));
        events.put("exit-0-unstarted", ended(new Ending.Exited(0), StopCause.NONE, null));
        events.put(
                "spawn-failed", ended(new Ending.SpawnFailed("ENOENT", "exec", "No such file"), StopCause.NONE, null));
        events.put("never-started", ended(new Ending.NeverStarted(), StopCause.NONE, null));
        events.put("refused-as-expired", ended(new Ending.Expired(), StopCause.NONE, null));
        events.put("rejected", ended(new Ending.Rejected("too many"), StopCause.NONE, null));
        events.put("unknown", ended(new Ending.Unknown(Reason.RECORD_DAMAGED, "cut"), StopCause.NONE, null));
        events.put("node-lost", attempt -> new TaskEvent.OutcomeUnknown(attempt, Reason.NODE_LOST, NOW));
        events.put("cancel", _ -> new TaskEvent.CancelRequested(NOW));
        events.put("expiry", _ -> new TaskEvent.ExpiryPassed(NOW));
        return events;
    }

    private static EventOf ended(Ending ending, StopCause cause, @Nullable Instant startedAt) {
        Outcome outcome = Samples.ended(ending, cause, startedAt, NOW);
        return attempt -> new TaskEvent.Ended(attempt, outcome, NOW);
    }

    private static boolean namesAnAttempt(TaskEvent event) {
        return switch (event) {
            case TaskEvent.NotAccepted _,
                    TaskEvent.Started _,
                    TaskEvent.KillPending _,
                    TaskEvent.Ended _,
                    TaskEvent.OutcomeUnknown _,
                    TaskEvent.BackoffOver _ -> true;
            case TaskEvent.Leased _, TaskEvent.CancelRequested _, TaskEvent.ExpiryPassed _ -> false;
        };
    }

    private static List<TaskRecord> tasks(String place) {
        return switch (place) {
            case "PENDING" -> List.of(task(TaskState.PENDING, null, null, null, null, false));
            case "REOFFERED" -> List.of(task(TaskState.PENDING, null, null, null, null, true));
            case "DISPATCHED" -> List.of(task(TaskState.DISPATCHED, null, DISPATCHED_AT, null, null, true));
            case "RUNNING" -> List.of(task(TaskState.RUNNING, null, DISPATCHED_AT, STARTED_AT, null, true));
            case "HELD" -> List.of(task(TaskState.RUNNING, Reason.KILL_PENDING, DISPATCHED_AT, STARTED_AT, null, true));
            case "RETRYING" -> List.of(task(TaskState.RETRYING, Reason.EXIT, DISPATCHED_AT, null, null, false));
            case "LOST" -> List.of(task(TaskState.LOST, Reason.NODE_LOST, DISPATCHED_AT, null, NOW, true));
            case "LOST-RUNNING" ->
                List.of(task(TaskState.LOST, Reason.NODE_LOST, DISPATCHED_AT, STARTED_AT, NOW, true));
            case "ENDED" -> {
                List<TaskRecord> ended = new ArrayList<>();
                for (TaskState state : TaskState.values()) {
                    if (state.terminal() && state != TaskState.LOST) {
                        ended.add(task(state, Reason.EXIT, DISPATCHED_AT, STARTED_AT, NOW, true));
                    }
                }
                yield ended;
            }
            default -> throw new IllegalArgumentException(place);
        };
    }

    private static TaskRecord task(
            TaskState state,
            @Nullable Reason reason,
            @Nullable Instant dispatchedAt,
            @Nullable Instant startedAt,
            @Nullable Instant finishedAt,
            boolean attempted) {
        AttemptRecord attempt = new AttemptRecord(ATTEMPT, "local", state, reason, startedAt, finishedAt, null);
        return new TaskRecord(
                Samples.id().task(0),
                "local",
                ACCEPTED,
                ACCEPTED.plus(Duration.ofDays(1)),
                new TaskRecord.Progress(state, ATTEMPT, reason, null, dispatchedAt, startedAt, finishedAt),
                attempted ? List.of(attempt) : List.of());
    }

    private static TaskRecord after(TaskRecord task, Transitions.Next next) {
        AttemptRecord attempt = next.attempt();
        return new TaskRecord(
                task.id(),
                task.node(),
                task.createdAt(),
                task.expiresAt(),
                next.progress(),
                attempt == null ? task.attempts() : List.of(attempt));
    }

    private static String described(Optional<Transitions.Next> next) {
        if (next.isEmpty()) {
            return "-";
        }
        TaskRecord.Progress progress = next.get().progress();
        Reason reason = progress.reason();
        return progress.state() + (reason == null ? "" : "/" + reason.word());
    }

    private static Map<String, String> expected() {
        Map<String, String> expected = new LinkedHashMap<>();
        List<String> lines = TABLE.lines().toList();
        assertThat(List.of(lines.getFirst().split("\\s+", -1)).subList(1, PLACES.size() + 1))
                .isEqualTo(PLACES);
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split("\\s+", -1);
            for (int i = 0; i < PLACES.size(); i++) {
                expected.put(cells[0] + " in " + PLACES.get(i), cells[i + 1]);
            }
        }
        return expected;
    }
}
