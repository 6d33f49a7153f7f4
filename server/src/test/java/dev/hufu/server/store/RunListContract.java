package dev.hufu.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.Reason;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunIds;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.RunState;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.FakeTimers;
import dev.hufu.server.Samples;
import dev.hufu.support.Timers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link RunStore} answers when it is asked for lists of runs. */
public abstract class RunListContract {
    private static final List<RunState> STATES = List.of(RunState.values());

    protected final FakeTimers timers = new FakeTimers();
    private final RunIds ids = new RunIds(timers::now, new Random(7));
    private final List<RunRecord> inserted = new ArrayList<>();
    private @Nullable RunStore opened;

    protected abstract RunStore open(Timers clock);

    @BeforeEach
    final void openStore() {
        opened = open(timers);
    }

    @AfterEach
    final void closeStore() {
        store().close();
    }

    protected final RunStore store() {
        return Objects.requireNonNull(opened);
    }

    protected final RunId insert(RunState state, String creator, Map<String, String> labels, String... nodes) {
        return insert(Samples.spec("true"), state, creator, labels, nodes);
    }

    protected final RunId insert(
            RunSpec plain, RunState state, String creator, Map<String, String> labels, String... nodes) {
        Instant now = timers.now();
        RunSpec spec = new RunSpec(
                plain.exec(),
                plain.env(),
                plain.cwd(),
                plain.stdin(),
                plain.timeout(),
                plain.killGrace(),
                plain.expiresAfter(),
                plain.limits(),
                plain.priority(),
                labels);
        NewRun model = Samples.run(ids.next(), now, spec, nodes.length, null);
        RunRecord.Origin origin = model.run().origin();
        List<TaskRecord> tasks = new ArrayList<>();
        for (String node : nodes) {
            TaskRecord task = model.tasks().get(tasks.size());
            tasks.add(new TaskRecord(task.id(), node, now, task.expiresAt(), task(state, now), List.of()));
        }
        RunRecord run = new RunRecord(
                model.run().id(),
                spec,
                new RunRecord.Origin(now, creator, null, origin.traceId(), origin.traceparent()),
                run(state, now, nodes.length));
        store().insert(new NewRun(run, tasks, null, model.audit()));
        inserted.addFirst(run);
        return run.id();
    }

    private static TaskRecord.Progress task(RunState state, Instant now) {
        return switch (state) {
            case PENDING -> TaskRecord.Progress.pending();
            case RUNNING -> new TaskRecord.Progress(TaskState.DISPATCHED, 1, null, null, now, null, null);
            case SUCCEEDED -> new TaskRecord.Progress(TaskState.SUCCEEDED, 1, Reason.EXIT, null, now, now, now);
            case FAILED -> new TaskRecord.Progress(TaskState.FAILED, 1, Reason.EXIT, null, now, now, now);
            case CANCELLED -> new TaskRecord.Progress(TaskState.CANCELLED, 1, Reason.CANCELLED, null, null, null, now);
        };
    }

    private static RunRecord.Progress run(RunState state, Instant now, int tasks) {
        TaskState each = task(state, now).state();
        return new RunRecord.Progress(
                state,
                state == RunState.PENDING ? null : now,
                state.terminal() ? now : null,
                null,
                Map.of(each, tasks));
    }

    private List<RunId> found(RunFilter filter) {
        RunPage page = store().runs(filter, null, 500);
        assertThat(page.more()).isFalse();
        return page.runs().stream().map(RunRecord::id).toList();
    }

    private static RunFilter by(
            @Nullable RunState state, @Nullable String creator, @Nullable String node, Map<String, String> labels) {
        return new RunFilter(state, creator, node, labels, null, null);
    }

    @Test
    final void theNewestComeFirstInPagesAndWhole() {
        assertThat(store().runs(RunFilter.ALL, null, 1)).isEqualTo(new RunPage(List.of(), false));
        List<RunId> newestFirst = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            newestFirst.addFirst(
                    insert(Samples.fullSpec(), RunState.PENDING, "admin", Map.of("ticket", "ü=" + i), "local"));
        }
        RunPage first = store().runs(RunFilter.ALL, null, 2);
        assertThat(first.more()).isTrue();
        assertThat(first.runs()).isEqualTo(inserted.subList(0, 2));
        RunPage second = store().runs(RunFilter.ALL, newestFirst.get(1), 3);
        assertThat(second.more()).isFalse();
        assertThat(second.runs()).isEqualTo(inserted.subList(2, 5));
        assertThat(store().runs(RunFilter.ALL, newestFirst.getLast(), 3)).isEqualTo(new RunPage(List.of(), false));
    }

    @Test
    final void aRunIsFoundByItsStateAsItIsNow() {
        RunId run = insert(RunState.PENDING, "admin", Map.of(), "local");
        assertThat(found(by(RunState.PENDING, null, null, Map.of()))).containsExactly(run);
        store().changeTask(
                        run.task(0),
                        (record, task) -> Optional.of(new Change(
                                run(RunState.FAILED, timers.now(), 1),
                                List.of(new Change.TaskUpdate(task.id(), task(RunState.FAILED, timers.now()), null)),
                                List.of())));
        assertThat(found(by(RunState.PENDING, null, null, Map.of()))).isEmpty();
        assertThat(found(by(RunState.FAILED, null, null, Map.of()))).containsExactly(run);
    }

    @Test
    final void aRunWithSeveralTasksOnANodeComesOnce() {
        RunId both = insert(RunState.PENDING, "admin", Map.of(), "b", "a", "b", "b");
        RunId other = insert(RunState.PENDING, "admin", Map.of(), "a");
        assertThat(found(by(null, null, "b", Map.of()))).containsExactly(both);
        assertThat(found(by(null, null, "a", Map.of()))).containsExactly(other, both);
        assertThat(found(by(null, null, "c", Map.of()))).isEmpty();
        RunPage one = store().runs(by(null, null, "a", Map.of()), null, 1);
        assertThat(one.more()).isTrue();
        assertThat(store().runs(by(null, null, "a", Map.of()), other, 1).runs())
                .extracting(RunRecord::id)
                .containsExactly(both);
    }

    @Test
    final void severalLabelsMeanAnd() {
        RunId both = insert(RunState.PENDING, "admin", Map.of("team", "a", "ticket", "OPS-1"), "local");
        RunId one = insert(RunState.PENDING, "admin", Map.of("team", "a"), "local");
        insert(RunState.PENDING, "admin", Map.of("ticket", "a", "team", "OPS-1"), "local");
        assertThat(found(by(null, null, null, Map.of("team", "a")))).containsExactly(one, both);
        assertThat(found(by(null, null, null, Map.of("team", "a", "ticket", "OPS-1"))))
                .containsExactly(both);
        assertThat(found(by(null, null, null, Map.of("team", "a", "ticket", "OPS-2"))))
                .isEmpty();
        assertThat(found(by(null, null, null, Map.of("team", "")))).isEmpty();
    }

    @Test
    final void sinceIsInclusiveAndUntilExclusive() {
        List<RunId> runs = new ArrayList<>();
        List<Instant> times = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            times.add(timers.now());
            runs.add(insert(RunState.PENDING, "admin", Map.of(), "local"));
            timers.advance(Duration.ofMillis(1));
        }
        assertThat(found(new RunFilter(null, null, null, Map.of(), times.get(1), times.get(3))))
                .containsExactly(runs.get(2), runs.get(1));
        assertThat(found(new RunFilter(
                        null,
                        null,
                        null,
                        Map.of(),
                        times.get(1).plusNanos(1),
                        times.get(3).plusNanos(1))))
                .containsExactly(runs.get(3), runs.get(2));
        assertThat(found(new RunFilter(null, null, null, Map.of(), times.get(3), times.get(1))))
                .isEmpty();
    }

    @Test
    final void timesThatAreFarOffAreTimes() {
        RunId run = insert(RunState.PENDING, "admin", Map.of(), "local");
        Instant early = Instant.parse("-99999-01-01T00:00:00Z");
        Instant late = Instant.parse("+99999-01-01T00:00:00Z");
        assertThat(found(new RunFilter(null, null, null, Map.of(), early, late)))
                .containsExactly(run);
        assertThat(found(new RunFilter(null, null, null, Map.of(), Instant.MIN, Instant.MAX.minusNanos(1_000_000))))
                .containsExactly(run);
        assertThat(found(new RunFilter(null, null, null, Map.of(), late, null))).isEmpty();
        assertThat(found(new RunFilter(null, null, null, Map.of(), null, early)))
                .isEmpty();
    }

    @Test
    final void everyCombinationFindsWhatItSays() {
        Random random = new Random(11);
        for (int i = 0; i < 150; i++) {
            timers.advance(Duration.ofMillis(random.nextInt(3)));
            insert(
                    STATES.get(random.nextInt(5)),
                    "caller-" + random.nextInt(2),
                    random.nextBoolean() ? Map.of() : Map.of("a", "" + random.nextInt(3), "b", "" + random.nextInt(2)),
                    random.nextBoolean() ? new String[] {"n-0"} : new String[] {"n-1", "n-0", "n-1"});
        }
        for (int i = 0; i < 300; i++) {
            RunFilter filter = new RunFilter(
                    random.nextBoolean() ? null : STATES.get(random.nextInt(5)),
                    random.nextBoolean() ? null : "caller-" + random.nextInt(3),
                    random.nextBoolean() ? null : "n-" + random.nextInt(2),
                    random.nextBoolean() ? Map.of() : Map.of("a", "" + random.nextInt(3), "b", "" + random.nextInt(2)),
                    random.nextBoolean()
                            ? null
                            : inserted.get(100 + random.nextInt(50)).origin().createdAt(),
                    random.nextBoolean()
                            ? null
                            : inserted.get(random.nextInt(50)).origin().createdAt());
            assertThat(inPages(filter, 1 + random.nextInt(20)))
                    .as("%s", filter)
                    .isEqualTo(inserted.stream()
                            .filter(run -> matches(filter, run))
                            .map(RunRecord::id)
                            .toList());
        }
    }

    private List<RunId> inPages(RunFilter filter, int limit) {
        List<RunId> found = new ArrayList<>();
        RunPage page;
        do {
            page = store().runs(filter, found.isEmpty() ? null : found.getLast(), limit);
            assertThat(page.runs().size()).isLessThanOrEqualTo(limit);
            page.runs().forEach(run -> found.add(run.id()));
        } while (page.more());
        return found;
    }

    private boolean matches(RunFilter filter, RunRecord run) {
        Instant createdAt = run.origin().createdAt();
        boolean onNode = filter.node() == null
                || store().tasks(run.id(), null, 0, 10).stream()
                        .anyMatch(task -> task.node().equals(filter.node()));
        return onNode
                && (filter.state() == null || run.progress().state() == filter.state())
                && (filter.createdBy() == null || run.origin().createdBy().equals(filter.createdBy()))
                && run.spec().labels().entrySet().containsAll(filter.labels().entrySet())
                && (filter.since() == null || !createdAt.isBefore(filter.since()))
                && (filter.until() == null || createdAt.isBefore(filter.until()));
    }

    @Test
    final void openTasksAreCounted() {
        insert(RunState.RUNNING, "admin", Map.of(), "a", "b", "a");
        insert(RunState.PENDING, "admin", Map.of(), "a");
        insert(RunState.FAILED, "admin", Map.of(), "a");
        assertThat(store().countOpenTasks("a", List.of(TaskState.DISPATCHED, TaskState.RUNNING)))
                .isEqualTo(2);
        assertThat(store().countOpenTasks("a", List.of(TaskState.PENDING, TaskState.DISPATCHED)))
                .isEqualTo(3);
        assertThat(store().countOpenTasks("c", List.of(TaskState.PENDING))).isZero();
    }
}
