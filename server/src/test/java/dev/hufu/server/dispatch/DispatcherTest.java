package dev.hufu.server.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.protocol.AgentMessage.Known;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.Core;
import dev.hufu.server.FakeAgent;
import dev.hufu.server.FakeTimers;
import dev.hufu.server.Samples;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DispatcherTest {
    private static final String NODE = "local";

    @TempDir
    Path directory;

    private final FakeTimers timers = new FakeTimers();
    private Core core;

    @BeforeEach
    void open() {
        core = new Core(directory, timers);
        core.sessions.start();
        core.dispatcher.start();
    }

    @AfterEach
    void close() {
        core.close();
    }

    @Test
    void whatIsSubmittedIsSentToTheNodeAtOnce() throws InterruptedException {
        FakeAgent agent = new FakeAgent(core.sessions, NODE).hello(10);
        RunId run = core.submit(Samples.fullSpec());
        ServerMessage.StartAttempt start = (ServerMessage.StartAttempt) agent.next();
        assertThat(start.attempt()).isEqualTo(new AttemptId(run.task(0), 1));
        assertThat(start.spec()).isEqualTo(Samples.fullSpec());
        assertThat(start.expiresAt()).isEqualTo(core.task(run).expiresAt());
        assertThat(start.traceparent()).isEqualTo("00-0af7-b7ad-01");
        assertThat(core.state(run)).isEqualTo(TaskState.DISPATCHED);
    }

    @Test
    void whatWaitedForTheNodeIsSentWhenItComes() throws InterruptedException {
        RunId run = core.submit(Samples.spec("true"));
        assertThat(core.state(run)).isEqualTo(TaskState.PENDING);
        FakeAgent agent = new FakeAgent(core.sessions, NODE).hello(10);
        assertThat(agent.nextStart().task().run()).isEqualTo(run);
    }

    @Test
    void neverMoreThanTheCapacityIsAtTheNodeAndAFreedSlotIsFilledAtOnce() throws InterruptedException {
        FakeAgent agent = new FakeAgent(core.sessions, NODE).hello(3);
        Set<RunId> submitted = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            submitted.add(core.submit(Samples.spec("true")));
        }
        List<AttemptId> held = new ArrayList<>();
        Set<RunId> done = new HashSet<>();
        while (done.size() < submitted.size()) {
            ServerMessage message = agent.next();
            if (message instanceof ServerMessage.StartAttempt start) {
                held.add(start.attempt());
                assertThat(held.size()).isLessThanOrEqualTo(3);
            }
            if (held.size() == 3 || done.size() + held.size() == submitted.size()) {
                AttemptId first = held.removeFirst();
                assertThat(done.add(first.task().run())).isTrue();
                agent.started(first);
                agent.succeeded(first);
            }
        }
        assertThat(done).isEqualTo(submitted);
        Core.await("all succeeded", () -> submitted.stream().allMatch(run -> core.state(run) == TaskState.SUCCEEDED));
    }

    @Test
    void slotsTakenBeforeTheServerStartedCount() throws InterruptedException {
        RunId before = core.submit(Samples.spec("true"));
        core.tasks.lease(NODE, 1);
        AttemptId held = new AttemptId(before.task(0), 1);
        core.close();
        core = new Core(directory, timers);
        core.sessions.start();
        core.dispatcher.start();

        FakeAgent agent = new FakeAgent(core.sessions, NODE).hello(1, new Known(held, Known.Phase.RUNNING));
        RunId waiting = core.submit(Samples.spec("true"));
        agent.started(held);
        Core.await("it runs", () -> core.state(before) == TaskState.RUNNING);
        assertThat(core.state(waiting)).isEqualTo(TaskState.PENDING);
        agent.succeeded(held);
        List<ServerMessage> both = List.of(agent.next(), agent.next());
        assertThat(both).contains(new ServerMessage.Acknowledged(held, true));
        assertThat(both)
                .anyMatch(message -> message instanceof ServerMessage.StartAttempt start
                        && start.attempt().task().run().equals(waiting));
    }

    @Test
    void f10_whatIsNotStartedInTimeExpiresOnTime() throws InterruptedException {
        List<RunId> runs = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            runs.add(core.submit(Samples.spec("true")));
        }
        timers.advance(RunSpec.DEFAULT_EXPIRES_AFTER.minusMillis(1));
        RunId later = core.submit(Samples.spec("true"));
        Core.await("they expired", () -> {
            // A tick that comes while the one before is still at work changes nothing; the next one does.
            timers.advance(Duration.ofSeconds(1));
            return runs.stream().allMatch(run -> core.state(run) == TaskState.EXPIRED);
        });
        assertThat(core.state(later)).isEqualTo(TaskState.PENDING);
        assertThat(core.store.pendingTasks()).isEqualTo(1);
    }

    @Test
    void anOrderNobodyAnsweredIsRepeatedEachTimeLater() throws InterruptedException {
        FakeAgent agent = new FakeAgent(core.sessions, NODE).hello(10);
        core.submit(Samples.spec("true"));
        AttemptId attempt = agent.nextStart();
        tick(9);
        assertThat(agent.rest()).isEmpty();
        tick(2);
        assertThat(agent.nextStart()).isEqualTo(attempt);
        tick(18);
        assertThat(agent.rest()).isEmpty();
        tick(3);
        assertThat(agent.nextStart()).isEqualTo(attempt);
        agent.started(attempt);
        Core.await("it runs", () -> core.state(attempt.task().run()) == TaskState.RUNNING);
        tick(100);
        assertThat(agent.rest()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, -1, 24, -24})
    void f41_aClockThatIsSetTouchesNothingThatIsAtANode(long hours) throws InterruptedException {
        FakeAgent agent = new FakeAgent(core.sessions, NODE).hello(10);
        core.submit(Samples.spec("true"));
        AttemptId running = agent.nextStart();
        agent.started(running);
        Core.await("it runs", () -> core.state(running.task().run()) == TaskState.RUNNING);
        core.submit(Samples.spec("true"));
        AttemptId silent = agent.nextStart();
        timers.set(Duration.ofHours(hours));
        tick(9);
        assertThat(agent.rest())
                .as("an order is repeated after its time, not by the clock")
                .isEmpty();
        tick(2);
        assertThat(agent.nextStart()).isEqualTo(silent);
        assertThat(core.state(running.task().run())).isEqualTo(TaskState.RUNNING);
        agent.succeeded(running);
        assertThat(agent.next()).isEqualTo(new ServerMessage.Acknowledged(running, true));
        assertThat(core.state(running.task().run())).isEqualTo(TaskState.SUCCEEDED);
    }

    /** What was promised is a moment, and the clock is what says that it has come. */
    @Test
    void f41_whatExpiresGoesByTheWallClock() throws InterruptedException {
        RunId back = core.submit(Samples.spec("true"));
        timers.set(Duration.ofDays(-1));
        tick(2);
        assertThat(core.state(back)).isEqualTo(TaskState.PENDING);
        timers.set(Duration.ofDays(1).plus(RunSpec.DEFAULT_EXPIRES_AFTER));
        Core.await("it expires", () -> {
            timers.advance(Duration.ofSeconds(1));
            return core.state(back) == TaskState.EXPIRED;
        });
    }

    @Test
    void f15_anOrderToStopNeverOvertakesTheOrderToStart() throws InterruptedException {
        FakeAgent agent = new FakeAgent(core.sessions, NODE).hello(1_000);
        Set<AttemptId> started = new HashSet<>();
        int stopped = 0;
        for (int i = 0; i < 300; i++) {
            RunId run = core.submit(Samples.spec("true"));
            core.cancellations.cancel(run, "token:admin");
            if (core.state(run) == TaskState.CANCELLED) {
                continue;
            }
            AttemptId attempt = agent.nextStart();
            started.add(attempt);
            assertThat(agent.next()).isEqualTo(new ServerMessage.StopAttempt(attempt, RunSpec.DEFAULT_KILL_GRACE));
            stopped++;
        }
        assertThat(started).hasSize(stopped);
        assertThat(agent.rest()).isEmpty();
    }

    @Test
    void f12_whatTheOldConnectionLostIsOfferedOnTheNewOne() throws InterruptedException {
        FakeAgent before = new FakeAgent(core.sessions, NODE).hello(10);
        core.submit(Samples.spec("true"));
        AttemptId attempt = before.nextStart();
        FakeAgent after = new FakeAgent(core.sessions, NODE).hello(10);
        assertThat(after.nextStart()).isEqualTo(attempt);
        after.succeeded(attempt);
        assertThat(after.next()).isEqualTo(new ServerMessage.Acknowledged(attempt, true));
        assertThat(core.state(attempt.task().run())).isEqualTo(TaskState.SUCCEEDED);
    }

    @Test
    void stoppingBeforeStartingAndTwiceIsLegal() {
        Dispatcher fresh = new Dispatcher(core.store, core.tasks, core.sessions, timers);
        fresh.stop();
        fresh.stop();
        assertThatThrownBy(fresh::start).isInstanceOf(IllegalStateException.class);
    }

    /** So many seconds go by, each of them seen by the dispatcher. */
    private void tick(int seconds) throws InterruptedException {
        for (int i = 0; i < seconds; i++) {
            Core.await("the dispatcher waits for its next second", () -> timers.scheduled() == 1);
            timers.advance(Duration.ofSeconds(1));
        }
        Core.await("the dispatcher waits for its next second", () -> timers.scheduled() == 1);
    }
}
