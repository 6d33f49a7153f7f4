package dev.hufu.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunState;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.FakeTimers;
import dev.hufu.server.Samples;
import dev.hufu.server.audit.HashChain;
import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link RunStore} must do, whatever keeps it. */
public abstract class RunStoreContract {
    protected final FakeTimers timers = new FakeTimers();
    private @Nullable RunStore opened;

    /** Opens the store of this test; again after it was closed. */
    protected abstract RunStore open(Timers timers);

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

    protected final void reopen() {
        store().close();
        opened = open(timers);
    }

    @Test
    final void everyFieldIsReadBackAsItWasWritten() {
        Instant now = timers.now();
        NewRun plain = Samples.run(Samples.id(), now, Samples.fullSpec(), 3, null);
        RunRecord run = new RunRecord(
                plain.run().id(),
                plain.run().spec(),
                new RunRecord.Origin(now, "oidc:ü", Samples.id(), "trace", "parent"),
                plain.run().progress());
        store().insert(new NewRun(run, plain.tasks(), null, plain.audit()));

        assertThat(store().run(run.id())).contains(run);
        assertThat(store().run(run.id()).orElseThrow().spec().env().keySet()).containsExactly("ZEBRA", "ANT");
        assertThat(store().tasks(run.id(), null, 0, 10)).isEqualTo(plain.tasks());
        assertThat(store().tasks(run.id(), TaskState.PENDING, 1, 1))
                .containsExactly(plain.tasks().get(1));
        assertThat(store().tasks(run.id(), TaskState.RUNNING, 0, 10)).isEmpty();
        assertThat(store().task(run.id().task(2))).contains(plain.tasks().get(2));
        assertThat(store().task(run.id().task(3))).isEmpty();
        assertThat(store().run(Samples.id())).isEmpty();
        assertThat(store().newestRun()).contains(run.id());
    }

    @Test
    final void aChangeIsReadBackAsItWasAnswered() {
        TaskId task = insert(2).task(0);
        Instant later = timers.now().plusMillis(5);
        RunStore.Decided dispatched = change(task, TaskState.DISPATCHED, later, null);
        assertThat(dispatched.changed()).isTrue();
        assertThat(store().task(task)).contains(dispatched.tasks().getFirst());

        Outcome outcome = Samples.ended(
                new Outcome.Ending.SpawnFailed("ENOENT", "exec", "No such file or directory"),
                Outcome.StopCause.NONE,
                null,
                later.plusNanos(1));
        RunStore.Decided failed = change(task, TaskState.FAILED, later, outcome);

        assertThat(store().task(task)).contains(failed.tasks().getFirst());
        assertThat(store().run(task.run())).contains(failed.run());
        TaskRecord read = store().task(task).orElseThrow();
        assertThat(read.attempts()).hasSize(1);
        assertThat(read.attempts().getFirst().outcome()).isEqualTo(outcome);
        assertThat(read.progress().reason()).isEqualTo(Reason.SPAWN_FAILED);
        assertThat(read.progress().message()).isEqualTo("because \u0000 ü");
        assertThat(store().run(task.run()).orElseThrow().progress().count(TaskState.FAILED))
                .isEqualTo(1);
    }

    @Test
    final void whatWasAcceptedIsSeenByEveryReaderAtOnce() throws InterruptedException {
        ConcurrentLinkedQueue<RunId> missing = new ConcurrentLinkedQueue<>();
        inParallel(32, i -> {
            for (int round = 0; round < 20; round++) {
                RunId id = insert(1);
                if (store().run(id).isEmpty() || store().task(id.task(0)).isEmpty()) {
                    missing.add(id);
                }
            }
        });
        assertThat(missing).isEmpty();
        assertThat(store().pendingTasks()).isEqualTo(640);
    }

    @Test
    final void whatWasAcceptedIsThereAfterReopening() {
        RunId id = insert(2);
        change(id.task(0), TaskState.DISPATCHED, timers.now(), null);
        RunRecord run = store().run(id).orElseThrow();
        List<TaskRecord> tasks = store().tasks(id, null, 0, 10);
        List<AuditEntry> audit = store().auditEntries(1, 10);

        reopen();

        assertThat(store().run(id)).contains(run);
        assertThat(store().tasks(id, null, 0, 10)).isEqualTo(tasks);
        assertThat(store().auditEntries(1, 10)).isEqualTo(audit);
        assertThat(store().pendingTasks()).isEqualTo(1);
        insert(1);
        assertChainHolds();
    }

    @Test
    final void anIdThatIsTakenIsRefusedAndItsNeighboursAreNot() throws InterruptedException {
        NewRun taken = Samples.run(timers.now());
        store().insert(taken);
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        inParallel(16, i -> {
            try {
                store().insert(i % 4 == 0 ? taken : Samples.run(timers.now()));
            } catch (IllegalStateException refused) {
                failures.add(refused);
            }
        });
        assertThat(failures).hasSize(4);
        assertThat(store().pendingTasks()).isEqualTo(13);
        assertThat(store().auditEntries(1, 100)).hasSize(13);
        assertChainHolds();
    }

    @Test
    final void aDecisionThatThrowsChangesNothingAndReachesItsCaller() {
        TaskId task = insert(1).task(0);
        assertThatThrownBy(() -> store().changeTask(task, (run, record) -> {
                    throw new UnsupportedOperationException("no");
                }))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("no");
        assertThat(store().task(task).orElseThrow().state()).isEqualTo(TaskState.PENDING);
        change(task, TaskState.DISPATCHED, timers.now(), null);
        assertChainHolds();
    }

    @Test
    final void aDecisionForNothingWritesNothing() {
        TaskId task = insert(1).task(0);
        RunStore.Decided decided =
                store().changeTask(task, (run, record) -> Optional.empty()).orElseThrow();
        assertThat(decided.changed()).isFalse();
        assertThat(decided.tasks().getFirst().id()).isEqualTo(task);
        assertThat(store().auditEntries(1, 10)).hasSize(1);
        assertThat(store().changeTask(Samples.id().task(0), (run, record) -> Optional.empty()))
                .isEmpty();
        assertThat(store().changeRun(Samples.id(), (run, open) -> Optional.empty()))
                .isEmpty();
    }

    @Test
    final void aDecisionAboutATaskItDidNotSeeIsRefused() {
        TaskId task = insert(2).task(0);
        assertThatThrownBy(() -> store().changeTask(
                                task,
                                (run, record) -> Optional.of(new Change(
                                        run.progress(),
                                        List.of(new Change.TaskUpdate(task.run().task(1), record.progress(), null)),
                                        List.of()))))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    final void aRunIsChangedWithItsOpenTasksOnly() {
        RunId id = insert(3);
        change(id.task(1), TaskState.DISPATCHED, timers.now(), null);
        change(id.task(1), TaskState.FAILED, timers.now(), failure());
        List<TaskId> seen = new ArrayList<>();
        RunStore.Decided decided = store().changeRun(id, (run, open) -> {
                    open.forEach(each -> seen.add(each.id()));
                    RunRecord.Progress now = run.progress();
                    return Optional.of(new Change(
                            new RunRecord.Progress(now.state(), now.startedAt(), null, timers.now(), now.counts()),
                            List.of(),
                            List.of(audit("run.cancel-requested", id.value()))));
                })
                .orElseThrow();
        assertThat(seen).containsExactly(id.task(0), id.task(2));
        assertThat(decided.run().progress().cancelRequestedAt()).isEqualTo(timers.now());
        assertThat(store().run(id)).contains(decided.run());
    }

    @Test
    final void f35_aStateThatIsImpossibleIsRefusedTogetherWithItsAudit() {
        RunId id = insert(1);
        TaskId task = id.task(0);
        Instant now = timers.now();
        List<TaskRecord.Progress> impossible = List.of(
                new TaskRecord.Progress(TaskState.SUCCEEDED, 1, Reason.EXIT, null, now, now, null),
                new TaskRecord.Progress(TaskState.RUNNING, 1, null, null, now, now, now),
                new TaskRecord.Progress(TaskState.RUNNING, 1, null, null, now, null, null),
                new TaskRecord.Progress(TaskState.DISPATCHED, 1, null, null, null, null, null),
                new TaskRecord.Progress(TaskState.DISPATCHED, 0, null, null, now, null, null),
                new TaskRecord.Progress(TaskState.PENDING, 1, null, null, null, now, null),
                new TaskRecord.Progress(TaskState.CANCELLED, 1, null, null, null, null, now),
                new TaskRecord.Progress(TaskState.RETRYING, 1, Reason.EXIT, null, null, null, null, null),
                new TaskRecord.Progress(TaskState.RETRYING, 1, null, null, null, null, null, now),
                new TaskRecord.Progress(TaskState.RETRYING, 1, Reason.EXIT, null, null, now, null, now),
                new TaskRecord.Progress(TaskState.RETRYING, 1, Reason.EXIT, null, null, null, now, now),
                new TaskRecord.Progress(TaskState.PENDING, 2, null, null, null, null, null, now));
        for (TaskRecord.Progress each : impossible) {
            assertThatThrownBy(() -> store().changeTask(
                                    task,
                                    (run, record) -> Optional.of(new Change(
                                            run.progress(),
                                            List.of(new Change.TaskUpdate(task, each, null)),
                                            List.of(audit("task.changed", task.toString()))))))
                    .as("%s", each)
                    .isInstanceOf(IllegalStateException.class);
        }
        List<RunRecord.Progress> impossibleRuns = List.of(
                new RunRecord.Progress(RunState.SUCCEEDED, now, now, null, Map.of(TaskState.PENDING, 1)),
                new RunRecord.Progress(RunState.SUCCEEDED, now, now, null, Map.of(TaskState.LOST, 1)),
                new RunRecord.Progress(RunState.CANCELLED, now, now, null, Map.of(TaskState.FAILED, 1)),
                new RunRecord.Progress(RunState.RUNNING, null, null, null, Map.of(TaskState.RUNNING, 1)),
                new RunRecord.Progress(RunState.RUNNING, now, now, null, Map.of(TaskState.RUNNING, 1)),
                new RunRecord.Progress(RunState.FAILED, now, null, null, Map.of(TaskState.FAILED, 1)),
                new RunRecord.Progress(RunState.PENDING, null, null, null, Map.of(TaskState.PENDING, -1)));
        for (RunRecord.Progress each : impossibleRuns) {
            assertThatThrownBy(() ->
                            store().changeRun(id, (run, open) -> Optional.of(new Change(each, List.of(), List.of()))))
                    .as("%s", each)
                    .isInstanceOf(IllegalStateException.class);
        }
        assertThat(store().task(task).orElseThrow().progress()).isEqualTo(TaskRecord.Progress.pending());
        assertThat(store().auditEntries(1, 100)).hasSize(1);
        assertThat(store().pendingTasks()).isEqualTo(1);
    }

    @Test
    final void claimTakesTheOldestOfItsNodeThatHaveNotExpired() {
        NewRun expired = Samples.run(timers.now().minus(Duration.ofDays(2)));
        store().insert(expired);
        RunId first = insert(2);
        RunId second = insert(1);
        List<TaskId> claimed = claim(2);
        assertThat(claimed).containsExactly(first.task(0), first.task(1));
        assertThat(claim(5)).containsExactly(second.task(0));
        assertThat(claim(5)).isEmpty();
        assertThat(store().claim("other", 5, timers.now(), this::dispatch)).isEmpty();
        assertThat(store().expired(timers.now(), 10))
                .containsExactly(expired.tasks().getFirst().id());
        assertThat(store().run(first).orElseThrow().progress().count(TaskState.DISPATCHED))
                .isEqualTo(2);
    }

    @Test
    final void tasksBetweenAttemptsAreFoundOnceTheyAreDueTheFirstFirst() {
        assertThat(store().nextRetry()).isEmpty();
        Instant now = timers.now();
        List<TaskId> ids = new ArrayList<>();
        for (int seconds : new int[] {3, 1, 2}) {
            TaskId task = insert(1).task(0);
            ids.add(task);
            RunRecord.Progress running =
                    new RunRecord.Progress(RunState.RUNNING, now, null, null, Map.of(TaskState.RETRYING, 1));
            TaskRecord.Progress waiting = new TaskRecord.Progress(
                    TaskState.RETRYING, 1, Reason.EXIT, "why", null, null, null, now.plusSeconds(seconds));
            store().changeTask(
                            task,
                            (_, _) -> Optional.of(new Change(
                                    running, List.of(new Change.TaskUpdate(task, waiting, null)), List.of())));
            assertThat(store().task(task).orElseThrow().progress()).isEqualTo(waiting);
        }
        reopen();
        assertThat(store().nextRetry()).contains(now.plusSeconds(1));
        assertThat(store().dueRetries(now.plusMillis(999), 10)).isEmpty();
        assertThat(store().dueRetries(now.plusSeconds(2), 10)).containsExactly(ids.get(1), ids.get(2));
        assertThat(store().dueRetries(now.plusSeconds(9), 2)).containsExactly(ids.get(1), ids.get(2));
        assertThat(store().expired(now.plus(Duration.ofDays(2)), 10)).containsExactlyInAnyOrderElementsOf(ids);
        assertThat(store().pendingTasks()).isZero();
    }

    @Test
    final void claimTakesTheHighestPriorityFirst() {
        List<TaskId> inserted = new ArrayList<>();
        for (int priority : new int[] {0, -10, 5, 10, 0, 5}) {
            NewRun run = Samples.run(Samples.id(), timers.now(), Samples.prioritized(priority), 1, null);
            store().insert(run);
            inserted.add(run.tasks().getFirst().id());
        }
        assertThat(claim(1)).containsExactly(inserted.get(3));
        assertThat(claim(4)).containsExactly(inserted.get(2), inserted.get(5), inserted.get(0), inserted.get(4));
        assertThat(claim(4)).containsExactly(inserted.get(1));
    }

    @Test
    final void f07_manyThatClaimAtOnceGetEachTaskOnce() throws InterruptedException {
        for (int i = 0; i < 10; i++) {
            insert(100);
        }
        assertThat(store().pendingTasks()).isEqualTo(1_000);
        ConcurrentLinkedQueue<TaskId> claimed = new ConcurrentLinkedQueue<>();
        inParallel(64, i -> {
            for (List<TaskId> some = claim(7); !some.isEmpty(); some = claim(7)) {
                claimed.addAll(some);
            }
        });
        assertThat(claimed).hasSize(1_000).doesNotHaveDuplicates();
        assertThat(store().pendingTasks()).isZero();
        assertChainHolds();
    }

    @Test
    final void tasksOfANodeComeInOrderOfIdAndInPages() {
        RunId first = insert(3);
        change(first.task(1), TaskState.DISPATCHED, timers.now(), null);
        change(first.task(2), TaskState.DISPATCHED, timers.now(), null);
        change(first.task(2), TaskState.FAILED, timers.now(), failure());
        RunId second = insert(1);
        change(second.task(0), TaskState.DISPATCHED, timers.now(), null);
        List<TaskState> open = List.of(TaskState.DISPATCHED, TaskState.PENDING);

        assertThat(ids(store().tasksOfNode("local", open, null, 2))).containsExactly(first.task(0), first.task(1));
        assertThat(ids(store().tasksOfNode("local", open, first.task(1), 2))).containsExactly(second.task(0));
        assertThat(ids(store().tasksOfNode("local", List.of(TaskState.FAILED), null, 2)))
                .containsExactly(first.task(2));
        assertThat(store().tasksOfNode("other", open, null, 2)).isEmpty();
    }

    @Test
    final void auditEntriesAreChainedAndKeepTheirContent() {
        AuditEvent event = new AuditEvent(
                timers.now(), "token:ä", "run.refused", "runs", Map.of("z", "\u0000\"", "a", "", "m", "\uD83D\uDC05"));
        store().record(event);
        store().record(audit("again", "x"));
        List<AuditEntry> entries = store().auditEntries(1, 10);
        assertThat(entries.getFirst().event()).isEqualTo(event);
        assertThat(entries.getFirst().previousHash()).isEqualTo(HashChain.GENESIS);
        assertThat(entries).extracting(AuditEntry::sequence).containsExactly(1L, 2L);
        assertThat(store().auditEntries(2, 1)).containsExactly(entries.get(1));
        assertChainHolds();
    }

    @Test
    final void aHistoryBeginsWithEverythingPending() {
        RunId id = insert(3);
        RunRecord run = store().run(id).orElseThrow();
        List<TaskRecord> tasks = store().tasks(id, null, 0, 10);
        List<RunEvent> beginning = List.of(
                new RunEvent.OfRun(1, run),
                new RunEvent.OfTask(2, tasks.get(0)),
                new RunEvent.OfTask(3, tasks.get(1)),
                new RunEvent.OfTask(4, tasks.get(2)));
        assertThat(store().events(id, 0, 10)).contains(new RunStore.EventPage(beginning, 4, false));
        change(id.task(1), TaskState.DISPATCHED, timers.now(), null);
        for (int after = 0; after < 4; after++) {
            assertThat(events(id, after, 4 - after)).isEqualTo(beginning.subList(after, 4));
            assertThat(events(id, after, 1)).isEqualTo(beginning.subList(after, after + 1));
        }
        assertThat(store().events(Samples.id(), 0, 10)).isEmpty();
    }

    @Test
    final void everyChangeIsAnEventAndShowsHowThingsWereThen() {
        RunId id = insert(2);
        TaskId first = id.task(0);
        TaskId second = id.task(1);
        List<RunEvent> expected = new ArrayList<>(events(id, 0, 10));
        RunStore.Decided decided = change(first, TaskState.DISPATCHED, timers.now(), null);
        expected.add(new RunEvent.OfTask(4, decided.tasks().getFirst()));
        expected.add(new RunEvent.OfRun(5, decided.run()));
        decided = store().changeRun(
                        id,
                        (run, open) -> Optional.of(new Change(
                                new RunRecord.Progress(
                                        run.progress().state(),
                                        run.progress().startedAt(),
                                        null,
                                        timers.now(),
                                        run.progress().counts()),
                                List.of(),
                                List.of())))
                .orElseThrow();
        expected.add(new RunEvent.OfRun(6, decided.run()));
        decided = change(first, TaskState.FAILED, timers.now(), failure());
        expected.add(new RunEvent.OfTask(7, decided.tasks().getFirst()));
        expected.add(new RunEvent.OfRun(8, decided.run()));
        change(second, TaskState.DISPATCHED, timers.now(), null);
        decided = change(second, TaskState.FAILED, timers.now(), failure());
        assertThat(events(id, 8, 1).getFirst().sequence()).isEqualTo(9);
        expected.addAll(events(id, 8, 1));
        expected.add(new RunEvent.OfTask(10, decided.tasks().getFirst()));
        expected.add(new RunEvent.OfRun(11, decided.run()));

        reopen();
        assertThat(store().events(id, 0, 100)).contains(new RunStore.EventPage(expected, 11, true));
        assertThat(events(id, 5, 2)).isEqualTo(expected.subList(5, 7));
        assertThat(store().events(id, 11, 10)).contains(new RunStore.EventPage(List.of(), 11, true));
    }

    @Test
    final void f35_aChangeThatIsRefusedLeavesNoEvent() {
        RunId id = insert(1);
        assertThatThrownBy(() -> store().changeTask(
                                id.task(0),
                                (run, record) -> Optional.of(new Change(
                                        run.progress(),
                                        List.of(new Change.TaskUpdate(
                                                record.id(),
                                                new TaskRecord.Progress(
                                                        TaskState.RUNNING,
                                                        1,
                                                        null,
                                                        null,
                                                        timers.now(),
                                                        timers.now(),
                                                        null),
                                                null)),
                                        List.of(
                                                audit("a", "b"),
                                                new AuditEvent(Instant.MAX, "a", "b", "c", Map.of()))))))
                .isInstanceOf(RuntimeException.class);
        assertThat(store().events(id, 2, 10)).contains(new RunStore.EventPage(List.of(), 2, false));
        change(id.task(0), TaskState.DISPATCHED, timers.now(), null);
        assertThat(events(id, 2, 10)).extracting(RunEvent::sequence).containsExactly(3L, 4L);
    }

    @Test
    final void checkPassesWhereTheStoreIsWell() {
        store().check();
    }

    @Test
    final void closingTwiceIsLegalAndLaterCallsSayThatTheStoreIsClosed() {
        store().close();
        store().close();
        assertThatThrownBy(() -> insert(1)).isInstanceOf(StoreUnavailableException.class);
        assertThatThrownBy(() -> store().run(Samples.id())).isInstanceOf(StoreUnavailableException.class);
    }

    protected static final Charset UTF_8 = StandardCharsets.UTF_8;

    protected final RunId insert(int tasks) {
        NewRun run = Samples.run(timers.now(), tasks, null);
        store().insert(run);
        return run.run().id();
    }

    protected final AuditEvent audit(String action, String subject) {
        return new AuditEvent(timers.now(), "server", action, subject, Map.of());
    }

    protected final RunStore.Decided change(TaskId task, TaskState state, Instant at, @Nullable Outcome outcome) {
        return store().changeTask(task, (run, record) -> to(run, record, state, at, outcome))
                .orElseThrow();
    }

    protected final Outcome failure() {
        return Samples.ended(
                new Outcome.Ending.SpawnFailed("EIO", "exec", "Input/output error"),
                Outcome.StopCause.NONE,
                null,
                timers.now());
    }

    protected final void assertChainHolds() {
        List<HashChain.Link> links = new ArrayList<>();
        for (AuditEntry entry : store().auditEntries(1, 100_000)) {
            AuditEvent event = entry.event();
            links.add(new HashChain.Link(
                    new HashChain.Content(
                            entry.sequence(),
                            event.at(),
                            event.actor(),
                            event.action(),
                            event.subject(),
                            event.detail()),
                    entry.previousHash(),
                    entry.hash()));
        }
        assertThat(HashChain.firstBroken(links, 1, HashChain.GENESIS)).isEmpty();
    }

    private List<RunEvent> events(RunId run, long after, int limit) {
        return store().events(run, after, limit).orElseThrow().events();
    }

    private List<TaskId> claim(int limit) {
        List<TaskId> claimed = new ArrayList<>();
        store().claim("local", limit, timers.now(), this::dispatch)
                .forEach(each -> claimed.add(each.tasks().getFirst().id()));
        return claimed;
    }

    private Optional<Change> dispatch(RunRecord run, TaskRecord task) {
        return to(run, task, TaskState.DISPATCHED, timers.now(), null);
    }

    /** A change as the lifecycle makes it, but decided by the test. */
    private Optional<Change> to(
            RunRecord run, TaskRecord task, TaskState state, Instant at, @Nullable Outcome outcome) {
        if (state == TaskState.DISPATCHED && task.state() != TaskState.PENDING) {
            return Optional.empty();
        }
        boolean ended = state.terminal();
        Map<TaskState, Integer> counts = new EnumMap<>(run.progress().counts());
        counts.merge(task.state(), -1, Integer::sum);
        counts.merge(state, 1, Integer::sum);
        int open = counts.entrySet().stream()
                .filter(entry -> !entry.getKey().terminal())
                .mapToInt(Map.Entry::getValue)
                .sum();
        Instant started = run.progress().startedAt();
        RunRecord.Progress progress = new RunRecord.Progress(
                open == 0 ? RunState.FAILED : RunState.RUNNING,
                started == null ? at : started,
                open == 0 ? at : null,
                null,
                counts);
        Reason reason = ended ? Reason.SPAWN_FAILED : null;
        TaskRecord.Progress next = new TaskRecord.Progress(
                state, 1, reason, ended ? "because \u0000 ü" : null, at, null, ended ? at : null);
        AttemptRecord attempt = new AttemptRecord(1, task.node(), state, reason, null, ended ? at : null, outcome);
        return Optional.of(new Change(
                progress,
                List.of(new Change.TaskUpdate(task.id(), next, attempt)),
                List.of(audit("task.changed", task.id().toString()))));
    }

    private static List<TaskId> ids(List<TaskRecord> tasks) {
        return tasks.stream().map(TaskRecord::id).toList();
    }

    /** Runs an action on many virtual threads at once, and fails as the first of them that fails. */
    protected static void inParallel(int threads, IntConsumer action) throws InterruptedException {
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        List<Thread> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int number = i;
            Thread thread = Threads.virtual("test-" + i, () -> {
                try {
                    action.accept(number);
                } catch (RuntimeException | Error failed) {
                    failures.add(failed);
                }
            });
            all.add(thread);
            thread.start();
        }
        for (Thread thread : all) {
            thread.join();
        }
        assertThat(failures).isEmpty();
    }
}
