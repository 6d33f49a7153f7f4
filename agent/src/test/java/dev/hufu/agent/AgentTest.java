package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.exec.StartGate;
import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AgentMessage.Known;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.ServerMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AgentTest {
    private static final AttemptId ATTEMPT = Samples.attempt(1);
    private static final Duration GRACE = Duration.ofSeconds(5);

    @TempDir
    private Path data;

    private AgentFixture node = new AgentFixture(Path.of("/"));

    @BeforeEach
    void makeNode() {
        node.close();
        node = new AgentFixture(data);
    }

    @AfterEach
    void closeNode() {
        node.close();
    }

    private static Outcome.Ending ending(AgentMessage.Ended ended) {
        return ended.outcome().ending();
    }

    private AttemptId running(AttemptId attempt) throws InterruptedException {
        node.link.deliver(Samples.start(attempt));
        node.link.awaitStarted(attempt);
        return attempt;
    }

    private long count(Class<? extends AgentMessage> kind) {
        return node.link.messages().stream().filter(kind::isInstance).count();
    }

    @Test
    void anAttemptIsStartedReportedAndForgottenOnceAcknowledged() throws Exception {
        Agent agent = node.start();
        AgentMessage.Hello hello = node.link.awaitHello();
        assertThat(hello)
                .isEqualTo(new AgentMessage.Hello(
                        "local",
                        "1",
                        AgentFixture.CAPACITY,
                        NodeFacts.of(node.machine.capabilities(), node.machine.isolation()),
                        List.of()));
        assertThat(agent.capacity()).isEqualTo(AgentFixture.CAPACITY);

        running(ATTEMPT);
        assertThat(agent.running()).isEqualTo(1);
        assertThat(node.disk.live()).singleElement().isInstanceOf(JournalRecord.Starting.class);
        node.process(ATTEMPT).exit(3);

        assertThat(ending(node.link.awaitEnded(ATTEMPT))).isEqualTo(new Outcome.Ending.Exited(3));
        assertThat(agent.running())
                .as("the slot is free before the server hears of it")
                .isZero();
        assertThat(node.disk.live()).singleElement().isInstanceOf(JournalRecord.Ended.class);
        node.link.deliver(new ServerMessage.Acknowledged(ATTEMPT));
        assertThat(node.disk.live()).isEmpty();
        assertThat(node.link.messages().subList(1, 3))
                .extracting(Object::getClass)
                .containsExactly(AgentMessage.Started.class, AgentMessage.Ended.class);
    }

    @Test
    void aThousandDuplicatesStartOneProcess() throws Exception {
        node.start();
        for (int repeat = 0; repeat < 500; repeat++) {
            node.link.deliver(Samples.start(ATTEMPT));
        }
        node.link.awaitStarted(ATTEMPT);
        for (int repeat = 0; repeat < 500; repeat++) {
            node.link.deliver(Samples.start(ATTEMPT));
        }
        node.process(ATTEMPT).exit(0);
        node.link.awaitEnded(ATTEMPT);
        node.link.clear();
        node.link.deliver(Samples.start(ATTEMPT));
        assertThat(ending(node.link.awaitEnded(ATTEMPT))).isEqualTo(new Outcome.Ending.Exited(0));
        assertThat(node.machine.launches()).isEqualTo(1);
    }

    @Test
    void f11_aDuplicateAfterTheAcknowledgementStartsNothing() throws Exception {
        node.start();
        running(ATTEMPT);
        node.process(ATTEMPT).exit(4);
        node.link.awaitEnded(ATTEMPT);
        node.link.deliver(new ServerMessage.Acknowledged(ATTEMPT));
        node.link.clear();
        node.link.deliver(Samples.start(ATTEMPT));
        assertThat(ending(node.link.awaitEnded(ATTEMPT))).isEqualTo(new Outcome.Ending.Exited(4));
        assertThat(node.machine.launches()).isEqualTo(1);
    }

    @Test
    void f30_acknowledgementsMayComeLateEarlyAndAThousandTimes() throws Exception {
        Agent agent = node.start();
        node.link.deliver(new ServerMessage.Acknowledged(ATTEMPT));
        running(ATTEMPT);
        node.link.deliver(new ServerMessage.Acknowledged(ATTEMPT));
        assertThat(agent.running()).as("what has not ended is not forgotten").isEqualTo(1);
        node.process(ATTEMPT).exit(0);
        node.link.awaitEnded(ATTEMPT);
        for (int repeat = 0; repeat < 1_000; repeat++) {
            node.link.deliver(new ServerMessage.Acknowledged(ATTEMPT));
        }
        node.link.clear();
        node.link.connect();
        assertThat(node.link.awaitHello().known()).isEmpty();
        assertThat(agent.running()).isZero();
    }

    @Test
    void f30_anEndIsRepeatedUntilItIsAcknowledged() throws Exception {
        ManualTimers timers = new ManualTimers();
        node.close();
        node = new AgentFixture(data, timers);
        node.start();
        running(ATTEMPT);
        node.process(ATTEMPT).exit(0);
        AgentMessage.Ended ended = node.link.awaitEnded(ATTEMPT);
        for (int nth = 2; nth <= 6; nth++) {
            timers.advance(Duration.ofSeconds(60));
            assertThat(node.link.await(nth, message -> message instanceof AgentMessage.Ended))
                    .isEqualTo(ended);
        }
        node.link.deliver(new ServerMessage.Acknowledged(ATTEMPT));
        timers.advance(Duration.ofHours(1));
        running(Samples.attempt(2));
        assertThat(count(AgentMessage.Ended.class)).isEqualTo(6);
    }

    @Test
    void aNewConnectionIsGreetedFirstAndToldHowAllStands() throws Exception {
        node.start();
        running(ATTEMPT);
        AttemptId over = running(Samples.attempt(2));
        node.process(over).exit(0);
        node.link.awaitEnded(over);
        node.link.clear();
        node.link.connect();
        node.link.awaitStarted(ATTEMPT);
        node.link.awaitEnded(over);
        assertThat(node.link.messages().getFirst())
                .isEqualTo(new AgentMessage.Hello(
                        "local",
                        "1",
                        AgentFixture.CAPACITY,
                        NodeFacts.of(node.machine.capabilities(), node.machine.isolation()),
                        List.of(new Known(ATTEMPT, Known.Phase.RUNNING), new Known(over, Known.Phase.ENDED))));
    }

    @Test
    void f10_anAttemptPastItsTimeIsNotStarted() throws Exception {
        ManualTimers timers = new ManualTimers();
        node.close();
        node = new AgentFixture(data, timers);
        Agent agent = node.start();
        node.link.deliver(new ServerMessage.StartAttempt(
                ATTEMPT, Samples.spec(), timers.now().minusNanos(1), null));
        assertThat(ending(node.link.awaitEnded(ATTEMPT))).isEqualTo(new Outcome.Ending.Expired());
        node.link.deliver(new ServerMessage.Acknowledged(ATTEMPT));
        node.link.clear();

        node.link.deliver(Samples.start(ATTEMPT));
        assertThat(ending(node.link.awaitEnded(ATTEMPT)))
                .as("what was once told to have expired never starts")
                .isEqualTo(new Outcome.Ending.Expired());
        assertThat(node.machine.launches()).isZero();
        assertThat(agent.output(ATTEMPT)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, -1, 24, -24})
    void f41_aClockThatIsSetTouchesNothingThatRunsOrWasEnded(long hours) throws Exception {
        ManualTimers timers = new ManualTimers();
        node.close();
        node = new AgentFixture(data, timers);
        node.start();
        running(ATTEMPT);
        AttemptId over = running(Samples.attempt(2));
        node.process(over).exit(0);
        AgentMessage.Ended ended = node.link.awaitEnded(over);
        timers.set(Duration.ofHours(hours));
        AttemptId next = running(Samples.attempt(3));
        assertThat(count(AgentMessage.Ended.class)).as("no time has gone by").isEqualTo(1);
        timers.advance(Duration.ofSeconds(60));
        assertThat(node.link.await(2, message -> message instanceof AgentMessage.Ended))
                .isEqualTo(ended);
        node.process(ATTEMPT).exit(0);
        node.process(next).exit(0);
        assertThat(node.link.awaitEnded(ATTEMPT).outcome().usage())
                .as("how long it took is measured where it ran")
                .isEqualTo(node.link.awaitEnded(next).outcome().usage());
    }

    @Test
    void f10_timeThatPassesWhileItWaitsForItsTurnCountsToo() throws Exception {
        ManualTimers timers = new ManualTimers();
        node.close();
        node = new AgentFixture(data, timers).limits(8, 1);
        node.start();
        running(ATTEMPT);
        AttemptId late = Samples.attempt(2);
        node.link.deliver(new ServerMessage.StartAttempt(
                late, Samples.spec(), timers.now().plusMillis(1), null));
        timers.advance(StartGate.LONGEST);
        assertThat(ending(node.link.awaitEnded(late))).isEqualTo(new Outcome.Ending.Expired());
        assertThat(node.machine.launches()).isEqualTo(1);
    }

    @Test
    void aStopBeforeItsTurnKeepsItFromStarting() throws Exception {
        ManualTimers timers = new ManualTimers();
        node.close();
        node = new AgentFixture(data, timers).limits(8, 1);
        node.start();
        running(ATTEMPT);
        AttemptId waiting = Samples.attempt(2);
        node.link.deliver(Samples.start(waiting));
        node.link.deliver(new ServerMessage.StopAttempt(waiting, GRACE));
        assertThat(ending(node.link.awaitEnded(waiting))).isEqualTo(new Outcome.Ending.NeverStarted());
        assertThat(node.machine.launches()).isEqualTo(1);
    }

    @Test
    void f15_aStopDuringTheLaunchReachesTheProcess() throws Exception {
        CountDownLatch launched = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        node.machine.afterLaunch(_ -> {
            launched.countDown();
            goOn.await();
        });
        node.start();
        node.link.deliver(Samples.start(ATTEMPT));
        launched.await();
        node.link.deliver(new ServerMessage.StopAttempt(ATTEMPT, GRACE));
        goOn.countDown();
        AgentMessage.Ended ended = node.link.awaitEnded(ATTEMPT);
        assertThat(ending(ended)).isEqualTo(new Outcome.Ending.Signaled("SIGTERM"));
        assertThat(ended.outcome().stopCause()).isEqualTo(Outcome.StopCause.REQUESTED);
        assertThat(node.process(ATTEMPT).stops())
                .singleElement()
                .satisfies(stop -> assertThat(stop.grace()).isEqualTo(GRACE));
    }

    @Test
    void f15_aStopThatOvertakesItsStartKeepsItFromStarting() throws Exception {
        node.start();
        node.link.deliver(new ServerMessage.StopAttempt(ATTEMPT, GRACE));
        assertThat(ending(node.link.awaitEnded(ATTEMPT))).isEqualTo(new Outcome.Ending.NeverStarted());
        node.link.deliver(new ServerMessage.Acknowledged(ATTEMPT));
        node.kill();
        node.start();
        node.link.deliver(Samples.start(ATTEMPT));
        assertThat(ending(node.link.awaitEnded(ATTEMPT))).isEqualTo(new Outcome.Ending.NeverStarted());
        assertThat(node.machine.launches()).isZero();
    }

    @Test
    void aSecondStopWithAShorterGraceIsPassedOn() throws Exception {
        node.start();
        running(ATTEMPT);
        node.process(ATTEMPT).obeys(false);
        node.link.deliver(new ServerMessage.StopAttempt(ATTEMPT, GRACE));
        node.link.deliver(new ServerMessage.StopAttempt(ATTEMPT, GRACE));
        node.link.deliver(new ServerMessage.StopAttempt(ATTEMPT, Duration.ofMinutes(1)));
        Conditions.await(() -> node.process(ATTEMPT).stops().size() == 1);
        node.process(ATTEMPT).obeys(true);
        node.link.deliver(new ServerMessage.StopAttempt(ATTEMPT, Duration.ZERO));
        node.link.awaitEnded(ATTEMPT);
        assertThat(node.process(ATTEMPT).stops())
                .extracting(stop -> stop.grace())
                .containsExactly(GRACE, Duration.ZERO);
    }

    @Test
    void f23_aProcessThatTheKernelHoldsIsToldAndKeepsItsSlot() throws Exception {
        Agent agent = node.start();
        running(ATTEMPT);
        node.process(ATTEMPT).obeys(false);
        node.process(ATTEMPT).killPending(true);
        node.link.deliver(new ServerMessage.StopAttempt(ATTEMPT, Duration.ZERO));
        node.link.await(message -> message.equals(new AgentMessage.KillPending(ATTEMPT, true)));
        assertThat(agent.running()).isEqualTo(1);
        node.link.clear();
        node.link.connect();
        node.link.await(message -> message.equals(new AgentMessage.KillPending(ATTEMPT, true)));
        node.process(ATTEMPT).killPending(false);
        node.link.await(message -> message.equals(new AgentMessage.KillPending(ATTEMPT, false)));
        node.process(ATTEMPT).exit(0);
        node.link.awaitEnded(ATTEMPT);
    }

    @Test
    void moreThanTheCapacityIsRejected() throws Exception {
        node.close();
        node = new AgentFixture(data).limits(2, 2);
        Agent agent = node.start();
        running(ATTEMPT);
        running(Samples.attempt(2));
        AttemptId third = Samples.attempt(3);
        node.link.deliver(Samples.start(third));
        assertThat(ending(node.link.awaitEnded(third))).isInstanceOf(Outcome.Ending.Rejected.class);
        assertThat(agent.running()).isEqualTo(2);
        assertThat(node.machine.launches()).isEqualTo(2);
        node.process(ATTEMPT).exit(0);
        node.link.awaitEnded(ATTEMPT);
        running(Samples.attempt(4));
    }

    @Test
    void anOlderAttemptOfATaskIsIgnored() throws Exception {
        node.start();
        running(Samples.attempt(1, 2));
        node.link.deliver(Samples.start(Samples.attempt(1, 1)));
        running(Samples.attempt(5));
        assertThat(node.machine.launches()).isEqualTo(2);
        assertThat(node.file(Samples.attempt(1, 1))).doesNotExist();
    }

    @Test
    void aNewerAttemptOfATaskWaitsUntilTheOlderIsStopped() throws Exception {
        node.start();
        running(ATTEMPT);
        node.process(ATTEMPT).obeys(false);
        AttemptId newer = Samples.attempt(1, 2);
        AttemptId newest = Samples.attempt(1, 3);
        node.link.deliver(Samples.start(newer));
        node.link.deliver(Samples.start(newest));
        assertThat(ending(node.link.awaitEnded(newer))).isEqualTo(new Outcome.Ending.NeverStarted());
        Conditions.await(() -> !node.process(ATTEMPT).stops().isEmpty());
        assertThat(node.machine.launches()).isEqualTo(1);
        node.process(ATTEMPT).exit(0);
        node.link.awaitStarted(newest);
        assertThat(node.machine.launches()).isEqualTo(2);
    }

    @Test
    void aLaunchThatFailedHalfwayIsFound() throws Exception {
        node.machine.afterLaunch(_ -> {
            throw new IOException("the connection broke");
        });
        node.start();
        node.link.deliver(Samples.start(ATTEMPT));
        node.link.awaitStarted(ATTEMPT);
        assertThat(node.machine.launches()).isEqualTo(1);
    }

    @Test
    void f22_aLauncherOutOfReachIsTriedAgainAndThenGivenUpProvably() throws Exception {
        CountDownLatch tries = new CountDownLatch(2);
        node.machine.beforeLaunch(_ -> {
            tries.countDown();
            throw new IOException("Too many open files");
        });
        node.start();
        node.link.deliver(Samples.start(ATTEMPT));
        assertThat(ending(node.link.awaitEnded(ATTEMPT)))
                .isEqualTo(new Outcome.Ending.SpawnFailed("EIO", "fork", "Input/output error: Too many open files"));
        assertThat(tries.getCount()).isZero();
        assertThatThrownBy(() -> node.machine.start(node.file(ATTEMPT))).isInstanceOf(IOException.class);
        node.machine.beforeLaunch(FakeProcessLauncher.Obstacle.NONE);
        running(Samples.attempt(2));
    }

    @Test
    void anOrderThatNoProcessCanBeMadeOfIsRejected() throws Exception {
        node.start();
        ServerMessage.StartAttempt order = Samples.start(ATTEMPT);
        node.link.deliver(new ServerMessage.StartAttempt(
                ATTEMPT, Samples.spec("not/absolute", null, Map.of()), order.expiresAt(), null));
        assertThat(ending(node.link.awaitEnded(ATTEMPT)))
                .isEqualTo(new Outcome.Ending.Rejected(
                        "the order cannot be carried out: the working directory is not absolute"));
    }

    @Test
    void f05_aBrokenDiskStopsTheAgentFromAccepting() throws Exception {
        AtomicBoolean broken = new AtomicBoolean();
        AttemptJournal journal =
                new FileAttemptJournal(data.resolve("journal"), FileAttemptJournal.SEGMENT_LIMIT, file -> {
                    if (broken.get()) {
                        throw new IOException("Input/output error");
                    }
                    file.force(false);
                });
        Agent agent = node.start(new FakeLink(), journal);
        running(ATTEMPT);
        assertThatThrownBy(() -> agent.broken().toCompletableFuture().get(1, TimeUnit.MILLISECONDS))
                .isInstanceOf(TimeoutException.class);
        broken.set(true);
        node.link.deliver(Samples.start(Samples.attempt(2)));
        assertThat(agent.broken().toCompletableFuture().get(60, TimeUnit.SECONDS))
                .hasMessageContaining("takes no more");
        node.link.deliver(Samples.start(Samples.attempt(3)));
        node.process(ATTEMPT).exit(0);
        node.stop();
        assertThat(node.machine.launches()).isEqualTo(1);
        assertThat(count(AgentMessage.Ended.class))
                .as("an end that is not durable is not told")
                .isZero();

        node.start(new FakeLink(), new FileAttemptJournal(data.resolve("journal")));
        assertThat(ending(node.link.awaitEnded(ATTEMPT))).isEqualTo(new Outcome.Ending.Exited(0));
    }

    @Test
    void stoppingTheAgentStopsNoProcess() throws Exception {
        Agent agent = node.start();
        running(ATTEMPT);
        agent.stop();
        agent.stop();
        assertThat(node.process(ATTEMPT).alive()).isTrue();
        assertThat(node.process(ATTEMPT).stops()).isEmpty();
        assertThat(count(AgentMessage.Ended.class)).isZero();
        node.start();
        assertThat(node.link.awaitHello().known()).containsExactly(new Known(ATTEMPT, Known.Phase.RUNNING));
    }

    @Test
    void aStopBeforeTheStartIsLegalAndFinal() {
        Agent agent = node.agent(new FakeLink(), new MemoryAttemptJournal(node.disk));
        agent.stop();
        assertThatThrownBy(agent::start).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anAgentIsStartedOnce() {
        Agent agent = node.start();
        assertThatThrownBy(agent::start).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void twoAgentsOnOneDirectoryAreRefused() throws InterruptedException {
        node.start(new FakeLink(), new FileAttemptJournal(data.resolve("journal")));
        Agent second = node.agent(new FakeLink(), new FileAttemptJournal(data.resolve("journal")));
        assertThatThrownBy(second::start).hasMessageContaining("in use by another agent");
        second.stop();
        running(ATTEMPT);
    }

    @Test
    void aMalformedMessageIsIgnored() throws Exception {
        node.start();
        node.link.deliver(new byte[] {1, 2, 3});
        node.link.deliver(new byte[0]);
        running(ATTEMPT);
    }

    @Test
    void nothingIsSaidBeforeTheGreeting() throws Exception {
        FakeLink late = new FakeLink(false, _ -> {});
        node.start(late, new MemoryAttemptJournal(node.disk));
        late.deliver(Samples.start(ATTEMPT));
        Conditions.await(() -> node.machine.launches() == 1);
        node.process(ATTEMPT).exit(0);
        Conditions.await(() -> node.disk.live().stream().anyMatch(JournalRecord.Ended.class::isInstance));
        assertThat(late.messages()).isEmpty();
        late.connect();
        late.awaitEnded(ATTEMPT);
        assertThat(late.messages().getFirst()).isInstanceOf(AgentMessage.Hello.class);
    }

    @Test
    void attemptFilesLieUnderTheRunsFirstSixCharacters() throws Exception {
        node.start();
        running(ATTEMPT);
        assertThat(node.process(ATTEMPT).spec().attemptFile())
                .isEqualTo(data.resolve("attempts/01jd00/01jd0000000000000000000000.1.1"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("attempts/01jd00"))))
                .isEqualTo("rwx------");
    }
}
