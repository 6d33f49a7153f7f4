package dev.hufu.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Outcome.Ending;
import dev.hufu.protocol.Outcome.StopCause;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunIds;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.RunState;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.FakeTimers;
import dev.hufu.server.Samples;
import dev.hufu.server.audit.HashChain;
import dev.hufu.server.store.AuditEntry;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.TaskRecord;
import dev.hufu.server.store.sqlite.SqliteRunStore;
import dev.hufu.support.Threads;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Submissions, tasks, cancellations and waits over a real store. */
final class RunLifecycleTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    /** Remembers what was asked of those above. */
    private static final class RecordingWakeups implements Wakeups {
        final AtomicInteger pending = new AtomicInteger();
        final BlockingQueue<AttemptId> stopped = new LinkedBlockingQueue<>();
        final BlockingQueue<Duration> graces = new LinkedBlockingQueue<>();

        @Override
        public void workPending() {
            pending.incrementAndGet();
        }

        @Override
        public void stop(String node, AttemptId attempt, Duration grace) {
            graces.add(grace);
            assertThat(node).isEqualTo("local");
            stopped.add(attempt);
        }
    }

    /** Everything that a test needs, over one store. */
    private record World(
            RunStore store, RunWaits waits, Tasks tasks, Submissions submissions, Cancellations cancellations) {}

    @TempDir
    Path directory;

    private final FakeTimers timers = new FakeTimers();
    private final RecordingWakeups wakeups = new RecordingWakeups();
    private @Nullable World opened;

    @BeforeEach
    void open() {
        RunStore store = SqliteRunStore.open(directory.resolve("hufu.db"), timers, () -> {});
        RunWaits waits = new RunWaits(store);
        Tasks tasks = new Tasks(store, waits, timers);
        opened = new World(
                store,
                waits,
                tasks,
                new Submissions(
                        store,
                        new RunIds(timers::now, new Random(1)),
                        timers,
                        new OrderPolicy(
                                new EnvironmentPolicy(Set.of("LD_LIBRARY_PATH")),
                                UserPolicy.NOBODY_ELSE,
                                _ -> Optional.empty()),
                        wakeups,
                        new QueueLimit(3, 0, timers),
                        LifecycleListener.NONE),
                new Cancellations(tasks, wakeups));
    }

    @AfterEach
    void close() {
        world().store().close();
    }

    private World world() {
        return Objects.requireNonNull(opened);
    }

    @Test
    void anOrderBecomesAPendingRunAndWakesTheDispatcher() {
        RunRecord run = submit(null);
        assertThat(wakeups.pending).hasValue(1);
        assertThat(world().store().run(run.id())).contains(run);
        TaskRecord task = world().store().task(run.id().task(0)).orElseThrow();
        assertThat(task.state()).isEqualTo(TaskState.PENDING);
        assertThat(task.expiresAt()).isEqualTo(task.createdAt().plus(RunSpec.DEFAULT_EXPIRES_AFTER));
        assertThat(world().store().auditEntries(1, 10))
                .extracting(entry -> entry.event().action())
                .containsExactly("run.submitted");
    }

    @Test
    void f02_theSameKeyGivesTheFirstAnswerAndWakesNobody() {
        Submissions.KeyedRequest key = new Submissions.KeyedRequest("k", "f");
        RunRecord first = submit(key);
        Submissions.Accepted second =
                world().submissions().submit(order(Samples.spec("true"), key), run -> bytes("second"));
        assertThat(second).isEqualTo(new Submissions.Accepted.Replayed(first.id(), bytes("first " + first.id())));
        assertThat(wakeups.pending).hasValue(1);
    }

    @Test
    void b16_theSameKeyForAnotherRequestIsRefused() {
        submit(new Submissions.KeyedRequest("k", "f"));
        assertRefused(() -> submit(new Submissions.KeyedRequest("k", "g")), ErrorKind.IDEMPOTENCY_KEY_REUSED);
    }

    @Test
    void f06_aFullQueueAndADrainRefuseAndStoreNothing() {
        submit(null);
        submit(null);
        submit(null);
        assertRefused(() -> submit(null), ErrorKind.QUEUE_FULL);
        assertThat(world().store().pendingTasks()).isEqualTo(3);
        world().tasks().lease("local", 1);
        submit(null);
        world().submissions().drain();
        assertRefused(() -> submit(null), ErrorKind.DRAINING);
        assertThat(world().submissions().draining()).isTrue();
    }

    @Test
    void f06_anOrderThatWasAcceptedBeforeIsAnsweredAlsoByAFullQueueAndWhileDraining() {
        Submissions.KeyedRequest key = new Submissions.KeyedRequest("key", "fingerprint");
        RunId first = world().submissions()
                .submit(order(Samples.spec("true"), key), _ -> bytes("body"))
                .run();
        submit(null);
        submit(null);
        assertRefused(() -> submit(null), ErrorKind.QUEUE_FULL);
        Submissions.Accepted again = new Submissions.Accepted.Replayed(first, bytes("body"));
        assertThat(world().submissions().submit(order(Samples.spec("true"), key), _ -> Bytes.EMPTY))
                .isEqualTo(again);
        world().submissions().drain();
        assertThat(world().submissions().submit(order(Samples.spec("true"), key), _ -> Bytes.EMPTY))
                .isEqualTo(again);
        Submissions.KeyedRequest other = new Submissions.KeyedRequest("key", "another");
        assertRefused(
                () -> world().submissions().submit(order(Samples.spec("false"), other), _ -> Bytes.EMPTY),
                ErrorKind.IDEMPOTENCY_KEY_REUSED);
    }

    @Test
    void b26_anEnvironmentThatLoadsCodeIsForbiddenUnlessAllowedAndTheRefusalIsAudited() {
        Refusal refusal = assertRefused(
                () -> world().submissions().submit(order(withEnv(Map.of("LD_PRELOAD", "x")), null), run -> Bytes.EMPTY),
                ErrorKind.FORBIDDEN);
        assertThat(refusal.errors()).extracting(Refusal.FieldError::pointer).containsExactly("/env/LD_PRELOAD");
        assertThat(world().store().newestRun()).isEmpty();
        AuditEntry audited = world().store().auditEntries(1, 10).getFirst();
        assertThat(audited.event().action()).isEqualTo("run.refused");
        assertThat(audited.event().detail().values()).noneMatch(value -> value.equals("x"));
        world().submissions().submit(order(withEnv(Map.of("LD_LIBRARY_PATH", "x")), null), run -> Bytes.EMPTY);
    }

    @Test
    void aRunGoesFromPendingThroughRunningToItsResult() throws InterruptedException {
        RunRecord run = submit(null);
        TaskId task = run.id().task(0);
        assertThat(run.progress().state()).isEqualTo(RunState.PENDING);
        timers.advance(Duration.ofSeconds(1));
        Instant leasedAt = timers.now();
        RunStore.Decided leased = world().tasks().lease("local", 10).getFirst();
        assertThat(leased.run().progress().state()).isEqualTo(RunState.RUNNING);
        assertThat(leased.run().progress().startedAt()).isEqualTo(leasedAt);
        apply(task, new TaskEvent.Started(1, leasedAt, timers.now()));
        timers.advance(Duration.ofSeconds(1));
        RunStore.Decided ended =
                apply(task, new TaskEvent.Ended(1, Samples.exited(0, leasedAt, timers.now()), timers.now()));
        assertThat(ended.changed()).isTrue();
        assertThat(ended.run().progress().state()).isEqualTo(RunState.SUCCEEDED);
        assertThat(ended.run().progress().finishedAt()).isEqualTo(timers.now());
        assertThat(world().waits().awaitEnd(run.id(), Duration.ZERO)).contains(ended.run());
        assertThat(world().store().auditEntries(1, 10))
                .extracting(entry -> entry.event().action())
                .containsExactly("run.submitted", "task.changed", "task.changed", "task.changed");
    }

    @Test
    void f30_aResultRepeatedAThousandTimesIsOneTerminalRow() {
        TaskId task = submitAndLease();
        TaskEvent end = new TaskEvent.Ended(1, Samples.exited(0, timers.now(), timers.now()), timers.now());
        assertThat(apply(task, end).changed()).isTrue();
        int entries = world().store().auditEntries(1, 10_000).size();
        for (int i = 0; i < 1_000; i++) {
            assertThat(apply(task, end).changed()).isFalse();
        }
        assertThat(world().store().auditEntries(1, 10_000)).hasSize(entries);
    }

    @Test
    void f31_aLateTrueReportMendsALostTaskOnceAndIsAuditedAsSuch() {
        TaskId task = submitAndLease();
        apply(task, new TaskEvent.OutcomeUnknown(1, Reason.NODE_LOST, timers.now()));
        assertThat(world().store().run(task.run()).orElseThrow().progress().state())
                .isEqualTo(RunState.FAILED);
        TaskEvent late = new TaskEvent.Ended(1, Samples.exited(0, timers.now(), timers.now()), timers.now());
        RunStore.Decided mended = apply(task, late);
        assertThat(mended.run().progress().state()).isEqualTo(RunState.SUCCEEDED);
        assertThat(apply(task, late).changed()).isFalse();
        List<AuditEntry> audit = world().store().auditEntries(1, 10);
        assertThat(audit.getLast().event().action()).isEqualTo("task.mended");
    }

    @Test
    void aReportOfATaskNobodyKnowsIsEmpty() {
        assertThat(world().tasks().apply(Samples.id().task(0), new TaskEvent.CancelRequested(timers.now()), "server"))
                .isEmpty();
    }

    @Test
    void aPendingRunIsCancelledAtOnce() {
        RunRecord run = submit(null);
        RunRecord cancelled =
                world().cancellations().cancel(run.id(), "token:admin").orElseThrow();
        assertThat(cancelled.progress().state()).isEqualTo(RunState.CANCELLED);
        assertThat(cancelled.progress().startedAt()).isNull();
        assertThat(world().store().pendingTasks()).isZero();
        assertThat(wakeups.stopped).isEmpty();
        assertRefused(() -> world().cancellations().cancel(run.id(), "token:admin"), ErrorKind.CONFLICT);
        assertThat(world().cancellations().cancel(Samples.id(), "token:admin")).isEmpty();
        assertThat(world().tasks().lease("local", 10)).isEmpty();
    }

    @Test
    void aRunningRunIsCancelledByItsAgentAndAskingAgainAsksTheAgentAgain() {
        TaskId task = submitAndLease();
        RunRecord asked =
                world().cancellations().cancel(task.run(), "token:admin").orElseThrow();
        assertThat(asked.progress().state()).isEqualTo(RunState.RUNNING);
        assertThat(asked.progress().cancelRequestedAt()).isEqualTo(timers.now());
        timers.advance(Duration.ofSeconds(1));
        RunRecord again = world().cancellations()
                .cancel(task.run(), "token:admin", Duration.ZERO)
                .orElseThrow();
        assertThat(wakeups.graces).containsExactly(RunSpec.DEFAULT_KILL_GRACE, Duration.ZERO);
        assertThat(again.progress().cancelRequestedAt())
                .isEqualTo(asked.progress().cancelRequestedAt());
        assertThat(wakeups.stopped).containsExactly(new AttemptId(task, 1), new AttemptId(task, 1));
        world().cancellations().cancel(task.run(), "token:admin", RunSpec.DEFAULT_KILL_GRACE);
        world().cancellations().cancel(task.run(), "token:admin");
        assertThat(world().store().auditEntries(1, 100).stream()
                        .map(AuditEntry::event)
                        .filter(event -> event.action().startsWith("run.cancel"))
                        .map(event -> event.action() + event.detail()))
                .as("only what hastens it is on record again")
                .containsExactly("run.cancel-requested{}", "run.cancel-hastened{killGraceMs=0}");

        Outcome killed = Samples.ended(new Ending.Signaled("SIGTERM"), StopCause.REQUESTED, timers.now(), timers.now());
        apply(task, new TaskEvent.Ended(1, killed, timers.now()));
        assertThat(world().store().run(task.run()).orElseThrow().progress().state())
                .isEqualTo(RunState.CANCELLED);
        assertRefused(() -> world().cancellations().cancel(task.run(), "token:admin"), ErrorKind.CONFLICT);
    }

    @Test
    void f15_aCancelledRunThatTheAgentNeverAcceptedIsNotOfferedAgain() {
        TaskId task = submitAndLease();
        world().cancellations().cancel(task.run(), "token:admin");
        RunStore.Decided decided = apply(task, new TaskEvent.NotAccepted(1, timers.now()));
        assertThat(decided.tasks().getFirst().state()).isEqualTo(TaskState.CANCELLED);
        assertThat(decided.run().progress().state()).isEqualTo(RunState.CANCELLED);
    }

    @Test
    void f10_anExpiredTaskIsNotLeased() {
        RunRecord run = submit(null);
        timers.advance(RunSpec.DEFAULT_EXPIRES_AFTER.plusSeconds(1));
        assertThat(world().tasks().lease("local", 10)).isEmpty();
        assertThat(world().store().expired(timers.now(), 10))
                .containsExactly(run.id().task(0));
        RunStore.Decided expired = apply(run.id().task(0), new TaskEvent.ExpiryPassed(timers.now()));
        assertThat(expired.run().progress().state()).isEqualTo(RunState.FAILED);
        assertThat(world().store().expired(timers.now(), 10)).isEmpty();
    }

    @Test
    void aWaitEndsWithTheRunAndLeavesNothingBehind() throws Exception {
        TaskId task = submitAndLease();
        List<CompletableFuture<Optional<RunRecord>>> waits = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            waits.add(waiting(task.run(), LONG));
        }
        RunStore.Decided ended =
                apply(task, new TaskEvent.Ended(1, Samples.exited(1, timers.now(), timers.now()), timers.now()));
        for (CompletableFuture<Optional<RunRecord>> wait : waits) {
            assertThat(wait.get(30, TimeUnit.SECONDS)).contains(ended.run());
        }
        assertThat(world().waits().size()).isZero();
    }

    @Test
    void aWaitThatIsTooShortAnswersWithTheRunAsItIsAndLeavesNothingBehind() throws InterruptedException {
        TaskId task = submitAndLease();
        Optional<RunRecord> run = world().waits().awaitEnd(task.run(), Duration.ofMillis(5));
        assertThat(run.orElseThrow().progress().state()).isEqualTo(RunState.RUNNING);
        assertThat(world().waits().size()).isZero();
        assertThat(world().waits().awaitEnd(Samples.id(), LONG)).isEmpty();
    }

    @Test
    void aDrainReleasesThoseWhoWaitAndThoseWhoCome() throws Exception {
        TaskId task = submitAndLease();
        CompletableFuture<Optional<RunRecord>> wait = waiting(task.run(), LONG);
        world().waits().releaseAll();
        assertThat(wait.get(30, TimeUnit.SECONDS).orElseThrow().progress().state())
                .isEqualTo(RunState.RUNNING);
        assertThat(world().waits().awaitEnd(task.run(), LONG)).isPresent();
        assertThat(world().waits().size()).isZero();
    }

    @Test
    void whateverAgentsSayInWhateverOrderTheStoreStaysTrue() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        List<TaskId> tasks = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            var run = Samples.run(timers.now(), 1 + random.nextInt(3), null);
            world().store().insert(run);
            run.tasks().forEach(task -> tasks.add(task.id()));
        }
        for (int i = 0; i < 1_500; i++) {
            TaskId task = tasks.get(random.nextInt(tasks.size()));
            timers.advance(Duration.ofMillis(random.nextInt(1_000)));
            if (random.nextInt(50) == 0) {
                world().tasks().requestCancel(task.run(), "token:admin");
            } else if (random.nextInt(4) == 0) {
                world().tasks().lease("local", 1 + random.nextInt(3));
            } else {
                apply(task, event(random));
            }
        }
        for (TaskId task : tasks) {
            assertRunFollowsFromItsTasks(task.run(), seed);
        }
        assertChainHolds(seed);
    }

    private TaskEvent event(Random random) {
        Instant now = timers.now();
        int attempt = random.nextInt(10) == 0 ? 2 : 1;
        return switch (random.nextInt(8)) {
            case 0 -> new TaskEvent.NotAccepted(attempt, now);
            case 1, 2 -> new TaskEvent.Started(attempt, now, now);
            case 3 -> new TaskEvent.KillPending(attempt, random.nextBoolean(), now);
            case 4 -> new TaskEvent.OutcomeUnknown(attempt, Reason.NODE_LOST, now);
            case 5 -> new TaskEvent.ExpiryPassed(now);
            default -> new TaskEvent.Ended(attempt, outcome(random), now);
        };
    }

    private Outcome outcome(Random random) {
        Ending ending = switch (random.nextInt(7)) {
            case 0 -> new Ending.Exited(random.nextInt(2));
            case 1 -> new Ending.Signaled("SIGKILL");
            case 2 -> new Ending.SpawnFailed("ENOENT", "exec", "No such file or directory");
            case 3 -> new Ending.NeverStarted();
            case 4 -> new Ending.Expired();
            case 5 -> new Ending.Rejected("no");
            default -> new Ending.Unknown(Reason.RECORD_DAMAGED, "cut");
        };
        StopCause[] causes = StopCause.values();
        return Samples.ended(
                ending,
                causes[random.nextInt(causes.length)],
                random.nextBoolean() ? timers.now() : null,
                timers.now());
    }

    private void assertRunFollowsFromItsTasks(RunId id, long seed) {
        RunRecord run = world().store().run(id).orElseThrow();
        Map<TaskState, Integer> counts = new EnumMap<>(TaskState.class);
        for (TaskState state : TaskState.values()) {
            counts.put(state, 0);
        }
        world().store().tasks(id, null, 0, 100).forEach(task -> counts.merge(task.state(), 1, Integer::sum));
        assertThat(run.progress().counts()).as("seed %s", seed).isEqualTo(counts);
    }

    private void assertChainHolds(long seed) {
        List<HashChain.Link> links = new ArrayList<>();
        for (AuditEntry entry : world().store().auditEntries(1, 100_000)) {
            links.add(new HashChain.Link(
                    new HashChain.Content(
                            entry.sequence(),
                            entry.event().at(),
                            entry.event().actor(),
                            entry.event().action(),
                            entry.event().subject(),
                            entry.event().detail()),
                    entry.previousHash(),
                    entry.hash()));
        }
        assertThat(HashChain.firstBroken(links, 1, HashChain.GENESIS))
                .as("seed %s", seed)
                .isEmpty();
    }

    private RunStore.Decided apply(TaskId task, TaskEvent event) {
        return world().tasks().apply(task, event, "node:local").orElseThrow();
    }

    private TaskId submitAndLease() {
        RunRecord run = submit(null);
        assertThat(world().tasks().lease("local", 1)).hasSize(1);
        return run.id().task(0);
    }

    private RunRecord submit(Submissions.@Nullable KeyedRequest key) {
        Submissions.Accepted accepted =
                world().submissions().submit(order(Samples.spec("true"), key), run -> bytes("first " + run.id()));
        return switch (accepted) {
            case Submissions.Accepted.Created created -> created.record();
            case Submissions.Accepted.Replayed replayed ->
                world().store().run(replayed.run()).orElseThrow();
        };
    }

    /** Answers once the caller is registered. */
    private CompletableFuture<Optional<RunRecord>> waiting(RunId id, Duration limit)
            throws ExecutionException, InterruptedException, TimeoutException {
        CompletableFuture<Optional<RunRecord>> answer = new CompletableFuture<>();
        Thread thread = Threads.virtual("test-wait", () -> {
            try {
                answer.complete(world().waits().awaitEnd(id, limit));
            } catch (InterruptedException | RuntimeException failed) {
                answer.completeExceptionally(failed);
            }
        });
        thread.start();
        long deadline = System.nanoTime() + LONG.toNanos();
        while (thread.getState() != Thread.State.TIMED_WAITING && !answer.isDone()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(1);
        }
        return answer;
    }

    private static Submissions.Order order(RunSpec spec, Submissions.@Nullable KeyedRequest key) {
        return new Submissions.Order(spec, "token:admin", "0af7651916cd43dd8448eb211c80319c", "00-0af7-b7ad-01", key);
    }

    private static RunSpec withEnv(Map<String, String> env) {
        RunSpec plain = Samples.spec("true");
        return new RunSpec(
                plain.exec(),
                env,
                plain.cwd(),
                plain.stdin(),
                plain.timeout(),
                plain.killGrace(),
                plain.expiresAfter(),
                plain.limits(),
                plain.priority(),
                plain.labels());
    }

    private static Refusal assertRefused(Runnable call, ErrorKind kind) {
        List<Refusal> refusals = new ArrayList<>();
        assertThatThrownBy(call::run).isInstanceOfSatisfying(Refusal.class, refusals::add);
        assertThat(refusals.getFirst().kind()).isEqualTo(kind);
        return refusals.getFirst();
    }

    private static Bytes bytes(String text) {
        return Bytes.of(text.getBytes(StandardCharsets.UTF_8));
    }
}
