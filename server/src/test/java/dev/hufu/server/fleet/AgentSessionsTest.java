package dev.hufu.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AgentMessage.Known;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome.Ending;
import dev.hufu.protocol.Outcome.StopCause;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.Core;
import dev.hufu.server.FakeAgent;
import dev.hufu.server.Samples;
import dev.hufu.server.run.TaskEvent;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.support.SystemTimers;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AgentSessionsTest {
    private static final String NODE = "local";

    @TempDir
    Path directory;

    private final SystemTimers timers = new SystemTimers();
    private final AtomicInteger failures = new AtomicInteger();
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private Core core;

    @BeforeEach
    void open() {
        timers.start();
        core = new Core(directory, timers, this::failingAsOrdered);
        core.sessions.listen(new NodeListener() {
            @Override
            public void nodeReady(String node) {
                heard.add("ready " + node);
            }

            @Override
            public void accepted(String node, AttemptId attempt) {
                heard.add("accepted " + attempt);
            }

            @Override
            public void slotFreed(String node, AttemptId attempt) {
                heard.add("freed " + attempt);
            }
        });
        core.sessions.start();
    }

    @AfterEach
    void close() {
        core.close();
        timers.stop();
    }

    @Test
    void aNodeTakesNothingBeforeItGreetedAndNothingAfterItLeft() throws InterruptedException {
        FakeAgent agent = new FakeAgent(core.sessions, NODE);
        assertThat(agent.session().capacity()).isZero();
        agent.hello(7);
        assertThat(heard.take()).isEqualTo("ready local");
        assertThat(agent.session().capacity()).isEqualTo(7);
        assertThat(core.sessions.nodes()).containsExactly(NODE);

        agent.session().disconnected();
        assertThat(agent.session().capacity()).isZero();
        assertThat(core.sessions.nodes()).isEmpty();
        core.sessions.send(
                NODE, new ServerMessage.Acknowledged(new AttemptId(Samples.id().task(0), 1)));
        assertThat(agent.rest()).isEmpty();
    }

    @Test
    void reportsChangeTheTaskAndAnEndIsAcknowledged() throws InterruptedException {
        AttemptId attempt = leased();
        FakeAgent agent = ready(new Known(attempt, Known.Phase.RUNNING));
        agent.started(attempt);
        Core.await("it runs", () -> core.state(attempt.task().run()) == TaskState.RUNNING);
        assertThat(heard.take()).isEqualTo("accepted " + attempt);
        agent.send(new AgentMessage.KillPending(attempt, true));
        Core.await(
                "it is held", () -> core.task(attempt.task().run()).progress().reason() == Reason.KILL_PENDING);
        assertThat(heard.take()).isEqualTo("accepted " + attempt);
        agent.succeeded(attempt);
        assertThat(agent.next()).isEqualTo(new ServerMessage.Acknowledged(attempt, true));
        assertThat(heard.take()).isEqualTo("freed " + attempt);
        assertThat(core.state(attempt.task().run())).isEqualTo(TaskState.SUCCEEDED);
    }

    @Test
    void f30_anEndThatIsRepeatedOrLateIsAcknowledgedEachTime() throws InterruptedException {
        AttemptId attempt = leased();
        FakeAgent agent = ready(new Known(attempt, Known.Phase.RUNNING));
        for (int i = 0; i < 5; i++) {
            agent.succeeded(attempt);
            assertThat(agent.next()).isEqualTo(new ServerMessage.Acknowledged(attempt, true));
        }
        agent.ended(
                attempt,
                Samples.ended(new Ending.Unknown(Reason.SUPERVISOR_LOST, "late"), StopCause.NONE, null, Instant.now()));
        assertThat(agent.next()).isEqualTo(new ServerMessage.Acknowledged(attempt, true));
        assertThat(core.state(attempt.task().run())).isEqualTo(TaskState.SUCCEEDED);
    }

    @Test
    void whatAnAgentKeepsForTasksThatHaveEndedIsNotNeeded() throws InterruptedException {
        AttemptId going = leased();
        FakeAgent agent = ready(new Known(going, Known.Phase.RUNNING));
        TaskId unknown = Samples.id().task(0);
        agent.send(new AgentMessage.Keeps(List.of(going.task(), unknown)));
        assertThat(agent.next()).isEqualTo(new ServerMessage.TaskEnded(unknown));
        agent.succeeded(going);
        assertThat(agent.next()).isEqualTo(new ServerMessage.Acknowledged(going, true));
        agent.send(new AgentMessage.Keeps(List.of(going.task())));
        assertThat(agent.next()).isEqualTo(new ServerMessage.TaskEnded(going.task()));
    }

    @Test
    void theEndOfWhatTheStoreDoesNotKnowIsAcknowledgedToo() throws InterruptedException {
        FakeAgent agent = ready();
        AttemptId attempt = new AttemptId(Samples.id().task(0), 1);
        agent.succeeded(attempt);
        assertThat(agent.next()).isEqualTo(new ServerMessage.Acknowledged(attempt, true));
    }

    @Test
    void f03_anEndIsNotAcknowledgedBeforeTheStoreTookIt() throws InterruptedException {
        AttemptId attempt = leased();
        FakeAgent agent = ready(new Known(attempt, Known.Phase.RUNNING));
        failures.set(2);
        agent.succeeded(attempt);
        assertThat(agent.next()).isEqualTo(new ServerMessage.Acknowledged(attempt, true));
        assertThat(failures).hasValue(0);
        assertThat(core.state(attempt.task().run())).isEqualTo(TaskState.SUCCEEDED);
    }

    @Test
    void anEndThatIsAheadOfItsLeaseCountsOnceItIsLeased() throws InterruptedException {
        AttemptId attempt = leased();
        FakeAgent agent = ready(new Known(attempt, Known.Phase.RUNNING));
        core.tasks.apply(attempt.task(), new TaskEvent.NotAccepted(1, Instant.now()), "test");
        agent.succeeded(attempt);
        assertThat(core.tasks.lease(NODE, 1)).hasSize(1);
        assertThat(agent.next()).isEqualTo(new ServerMessage.Acknowledged(attempt, true));
        assertThat(core.state(attempt.task().run())).isEqualTo(TaskState.SUCCEEDED);
    }

    @Test
    void f12_whatTheAgentNeverAcceptedIsPendingAgainWithTheSameAttempt() throws InterruptedException {
        AttemptId attempt = leased();
        ready();
        assertThat(core.state(attempt.task().run())).isEqualTo(TaskState.PENDING);
        assertThat(core.task(attempt.task().run()).currentAttempt()).isEqualTo(attempt);
        assertThat(core.store.pendingTasks()).isEqualTo(1);
    }

    @Test
    void f13_whatRanAndIsNotKnownAnyMoreIsLost() throws InterruptedException {
        AttemptId attempt = leased();
        core.tasks.apply(attempt.task(), new TaskEvent.Started(1, Instant.now(), Instant.now()), "test");
        ready();
        assertThat(core.state(attempt.task().run())).isEqualTo(TaskState.LOST);
        assertThat(core.task(attempt.task().run()).progress().reason()).isEqualTo(Reason.NODE_LOST);
    }

    @Test
    void f17_whatTheAgentKnowsIsLeftToItsReports() throws InterruptedException {
        AttemptId starting = leased();
        AttemptId running = leased();
        AttemptId ended = leased();
        core.tasks.apply(running.task(), new TaskEvent.Started(1, Instant.now(), Instant.now()), "test");
        FakeAgent agent = ready(
                new Known(starting, Known.Phase.STARTING),
                new Known(running, Known.Phase.RUNNING),
                new Known(ended, Known.Phase.ENDED));
        assertThat(agent.nextStart()).isEqualTo(starting);
        assertThat(agent.rest()).isEmpty();
        assertThat(core.state(starting.task().run())).isEqualTo(TaskState.DISPATCHED);
        assertThat(core.state(running.task().run())).isEqualTo(TaskState.RUNNING);
        assertThat(core.state(ended.task().run())).isEqualTo(TaskState.DISPATCHED);
    }

    @Test
    void f15_aStopThatWasLostIsSentAgainWhenTheAgentComesBack() throws InterruptedException {
        AttemptId running = leased();
        AttemptId given = leased();
        core.tasks.apply(running.task(), new TaskEvent.Started(1, Instant.now(), Instant.now()), "test");
        core.cancellations.cancel(running.task().run(), "token:admin");
        core.cancellations.cancel(given.task().run(), "token:admin");
        core.tasks.apply(given.task(), new TaskEvent.OutcomeUnknown(1, Reason.NODE_LOST, Instant.now()), "test");
        FakeAgent agent = ready(new Known(running, Known.Phase.RUNNING), new Known(given, Known.Phase.RUNNING));
        assertThat(List.of(agent.next(), agent.next()))
                .containsExactlyInAnyOrder(
                        new ServerMessage.StopAttempt(
                                running, Samples.spec("true").killGrace()),
                        new ServerMessage.StopAttempt(
                                given, Samples.spec("true").killGrace()));
    }

    @Test
    void aGreetingWaitsForTheStore() throws InterruptedException {
        AttemptId attempt = leased();
        failures.set(1);
        ready();
        assertThat(failures).hasValue(0);
        assertThat(core.state(attempt.task().run())).isEqualTo(TaskState.PENDING);
    }

    @Test
    void b62_aMalformedMessageOrAFalseNameClosesTheSession() throws InterruptedException {
        FakeAgent malformed = ready();
        malformed.sendBytes(new byte[] {1, 2, 3});
        assertThat(core.sessions.nodes()).isEmpty();

        FakeAgent impostor = new FakeAgent(core.sessions, NODE);
        impostor.send(new AgentMessage.Hello("other", "1", 5, Map.of(), List.of()));
        Core.await("the session is closed", () -> core.sessions.nodes().isEmpty());
        assertThat(impostor.session().capacity()).isZero();
    }

    @Test
    void aNewSessionTakesTheOldOnesPlaceAndTheOldOneIsNotHeardOfAgain() throws InterruptedException {
        AttemptId attempt = leased();
        FakeAgent before = ready(new Known(attempt, Known.Phase.RUNNING));
        FakeAgent after = new FakeAgent(core.sessions, NODE).hello(3, new Known(attempt, Known.Phase.RUNNING));
        assertThat(heard.take()).isEqualTo("ready local");
        before.session().send(new ServerMessage.Acknowledged(attempt));
        before.session().disconnected();
        assertThat(before.rest()).isEmpty();
        assertThat(core.sessions.session(NODE)).containsSame(after.session());
    }

    @Test
    void stoppingBeforeStartingAndTwiceIsLegalAndLaterConnectionsAreOver() {
        core.sessions.stop();
        core.sessions.stop();
        FakeAgent late = new FakeAgent(core.sessions, NODE).hello(1);
        assertThat(late.session().capacity()).isZero();
        assertThat(core.sessions.nodes()).isEmpty();
    }

    private FakeAgent ready(Known... known) throws InterruptedException {
        FakeAgent agent = new FakeAgent(core.sessions, NODE).hello(10, known);
        String last = heard.take();
        while (!last.equals("ready local")) {
            last = heard.take();
        }
        return agent;
    }

    private AttemptId leased() {
        RunId run = core.submit(Samples.spec("true"));
        assertThat(core.tasks.lease(NODE, 1)).hasSize(1);
        return new AttemptId(run.task(0), 1);
    }

    /** The store, but that what agents cause fails as often as a test orders. */
    private RunStore failingAsOrdered(RunStore real) {
        return (RunStore) Proxy.newProxyInstance(
                RunStore.class.getClassLoader(), new Class<?>[] {RunStore.class}, (_, method, arguments) -> {
                    boolean fails = (method.getName().equals("changeTask")
                                    || method.getName().equals("tasksOfNode"))
                            && failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
                    if (fails) {
                        throw new StoreUnavailableException("as the test ordered", new IOException("disk full"));
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException failed) {
                        throw failed.getCause();
                    }
                });
    }
}
