package dev.hufu.server.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome.Ending;
import dev.hufu.protocol.Outcome.StopCause;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunSpec.RetryOn;
import dev.hufu.protocol.RunState;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.Core;
import dev.hufu.server.FakeAgent;
import dev.hufu.server.FakeTimers;
import dev.hufu.server.Samples;
import dev.hufu.server.store.AttemptRecord;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks between two attempts, over a real store and an agent that says what it is told to. */
final class BackoffsTest {
    @TempDir
    Path directory;

    private final FakeTimers timers = new FakeTimers();
    private @Nullable Core opened;

    @BeforeEach
    void open() {
        Core core = new Core(directory, timers);
        core.sessions.start();
        core.dispatcher.start();
        opened = core;
    }

    @AfterEach
    void close() {
        core().close();
    }

    private Core core() {
        return Objects.requireNonNull(opened);
    }

    private FakeAgent agent() {
        return new FakeAgent(core().sessions, "local").hello(10);
    }

    private RunId submit(int attempts, RetryOn... on) {
        return core().submit(Samples.spec("false").with(Samples.retry(attempts, Duration.ofSeconds(40), on)));
    }

    /** Lets the agent report a failure of the attempt that it was given last; the attempt. */
    private AttemptId fail(FakeAgent agent, RunId run) throws InterruptedException {
        AttemptId attempt = agent.nextStart();
        agent.ended(attempt, Samples.exited(1, timers.now(), timers.now()));
        assertThat(agent.next()).isInstanceOf(ServerMessage.Acknowledged.class);
        assertThat(attempt.task().run()).isEqualTo(run);
        return attempt;
    }

    private Duration wait(RunId run) {
        Instant next = core().task(run).progress().nextAttemptAt();
        return Duration.between(timers.now(), Objects.requireNonNull(next));
    }

    @Test
    void aTaskIsTriedAgainWhenItsWaitIsOverUntilItsAttemptsAreSpent() throws InterruptedException {
        FakeAgent agent = agent();
        RunId run = submit(3, RetryOn.EXIT);
        for (int number = 1; number < 3; number++) {
            assertThat(fail(agent, run).number()).isEqualTo(number);
            assertThat(core().state(run)).isEqualTo(TaskState.RETRYING);
            assertThat(core().task(run).progress().reason()).isEqualTo(Reason.EXIT);
            assertThat(core().store.run(run).orElseThrow().progress().state()).isEqualTo(RunState.RUNNING);
            Duration wait = wait(run);
            assertThat(wait).isPositive().isLessThan(Duration.ofSeconds(40L * number));
            timers.advance(wait.minusNanos(1));
            assertThat(core().state(run)).isEqualTo(TaskState.RETRYING);
            timers.advance(Duration.ofNanos(1));
        }
        assertThat(fail(agent, run).number()).isEqualTo(3);
        core().ended(run);
        assertThat(core().state(run)).isEqualTo(TaskState.FAILED);
        assertThat(core().task(run).attempts())
                .extracting(AttemptRecord::number, AttemptRecord::state, AttemptRecord::reason)
                .containsExactly(
                        tuple(1, TaskState.FAILED, Reason.EXIT),
                        tuple(2, TaskState.FAILED, Reason.EXIT),
                        tuple(3, TaskState.FAILED, Reason.EXIT));
    }

    @Test
    void f41_theWaitDoesNotDependOnTheClockOnTheWall() throws InterruptedException {
        for (Duration step : new Duration[] {Duration.ofDays(-1), Duration.ofHours(1)}) {
            FakeAgent agent = agent();
            RunId run = submit(2, RetryOn.EXIT);
            fail(agent, run);
            Duration wait = wait(run);
            timers.set(step);
            timers.advance(wait.minusNanos(1));
            assertThat(core().state(run)).isEqualTo(TaskState.RETRYING);
            timers.advance(Duration.ofNanos(1));
            assertThat(fail(agent, run).number()).isEqualTo(2);
            core().ended(run);
            close();
            open();
        }
    }

    @Test
    void aWaitThatARestartInterruptedEndsAtTheStoredTime() throws InterruptedException {
        RunId waits = submit(2, RetryOn.EXIT);
        fail(agent(), waits);
        Duration wait = wait(waits);
        close();
        timers.advance(wait.dividedBy(2));
        open();
        FakeAgent agent = agent();
        timers.advance(wait.minus(wait.dividedBy(2)));
        assertThat(agent.nextStart()).isEqualTo(new AttemptId(waits.task(0), 2));
        close();
        open();
    }

    @Test
    void aCancelEndsTheWaitAndWhatTheAttemptsSharedCanGo() throws InterruptedException {
        FakeAgent agent = agent();
        RunId run = submit(5, RetryOn.EXIT);
        AttemptId first = fail(agent, run);
        core().cancellations.cancel(run, "token:admin");
        assertThat(core().ended(run).progress().state()).isEqualTo(RunState.CANCELLED);
        assertThat(core().state(run)).isEqualTo(TaskState.CANCELLED);
        assertThat(core().task(run).attempts().getFirst().state()).isEqualTo(TaskState.FAILED);
        assertThat(agent.next()).isEqualTo(new ServerMessage.TaskEnded(first.task()));
    }

    @Test
    void whatIsLostIsTriedAgainWhereThatIsAllowedAndItsLateReportMendsNothing() throws InterruptedException {
        FakeAgent agent = agent();
        RunId run = submit(2, RetryOn.LOST);
        AttemptId first = agent.nextStart();
        agent.ended(
                first,
                Samples.ended(
                        new Ending.Unknown(Reason.SUPERVISOR_LOST, "gone"),
                        StopCause.NONE,
                        timers.now(),
                        timers.now()));
        assertThat(agent.next()).isEqualTo(new ServerMessage.Acknowledged(first, false));
        assertThat(core().state(run)).isEqualTo(TaskState.RETRYING);
        timers.advance(wait(run));
        AttemptId second = agent.nextStart();
        agent.ended(first, Samples.exited(0, timers.now(), timers.now()));
        assertThat(agent.next()).isEqualTo(new ServerMessage.Acknowledged(first, false));
        assertThat(core().state(run)).isEqualTo(TaskState.DISPATCHED);
        assertThat(core().task(run).attempts().getFirst().state()).isEqualTo(TaskState.LOST);
        agent.succeeded(second);
        core().ended(run);
        assertThat(core().state(run)).isEqualTo(TaskState.SUCCEEDED);
    }
}
