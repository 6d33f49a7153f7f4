package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AgentMessage.Known;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.ServerMessage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AgentRecoveryTest {
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

    @Test
    void f12_diedBeforeTheStartRecordIsOfferedAgainAndStartsOnce() throws Exception {
        node.start();
        node.disk.cutOff();
        node.link.deliver(Samples.start(ATTEMPT));
        node.kill();
        assertThat(node.disk.live()).isEmpty();
        node.start();
        assertThat(node.link.awaitHello().known()).isEmpty();
        node.link.deliver(Samples.start(ATTEMPT));
        node.link.awaitStarted(ATTEMPT);
        assertThat(node.machine.launches()).isEqualTo(1);
    }

    private void leaveStartRecord() throws Exception {
        try (AttemptJournal journal = new MemoryAttemptJournal(node.disk)) {
            journal.open();
            journal.starting(ATTEMPT, Samples.AT);
        }
    }

    @Test
    void f13_diedBetweenTheStartRecordAndExecIsOfferedAgainAndStartsOnce() throws Exception {
        leaveStartRecord();
        Agent agent = node.start();
        assertThat(node.link.awaitHello().known()).containsExactly(new Known(ATTEMPT, Known.Phase.STARTING));
        assertThat(agent.running()).isEqualTo(1);
        for (int repeat = 0; repeat < 100; repeat++) {
            node.link.deliver(Samples.start(ATTEMPT));
        }
        node.link.awaitStarted(ATTEMPT);
        assertThat(node.machine.launches()).isEqualTo(1);
        assertThat(node.disk.live()).hasSize(1);
    }

    @Test
    void f13_aLateLaunchOfTheFormerLauncherIsFoundAndNotRepeated() throws Exception {
        leaveStartRecord();
        node.start();
        node.link.awaitHello();
        new AttemptFiles(data).prepareDirectory(ATTEMPT);
        FakeProcessLauncher.FakeProcess late = node.machine.start(node.file(ATTEMPT));
        node.link.deliver(Samples.start(ATTEMPT));
        assertThat(node.link.awaitStarted(ATTEMPT).pid()).isEqualTo(late.pid());
        assertThat(node.machine.launches()).isEqualTo(1);
        node.link.deliver(new ServerMessage.StopAttempt(ATTEMPT, GRACE));
        assertThat(ending(node.link.awaitEnded(ATTEMPT))).isEqualTo(new Outcome.Ending.Signaled("SIGTERM"));
    }

    @Test
    void f13_aStopInsteadOfTheOfferKeepsALateLaunchAway() throws Exception {
        leaveStartRecord();
        node.start();
        node.link.awaitHello();
        node.link.deliver(new ServerMessage.StopAttempt(ATTEMPT, GRACE));
        assertThat(ending(node.link.awaitEnded(ATTEMPT))).isEqualTo(new Outcome.Ending.NeverStarted());
        assertThatThrownBy(() -> node.machine.start(node.file(ATTEMPT)))
                .isInstanceOf(java.nio.file.FileAlreadyExistsException.class);
    }

    @Test
    void f13_aStopThatMeetsALateLaunchStopsIt() throws Exception {
        leaveStartRecord();
        node.start();
        node.link.awaitHello();
        new AttemptFiles(data).prepareDirectory(ATTEMPT);
        node.machine.start(node.file(ATTEMPT));
        node.link.deliver(new ServerMessage.StopAttempt(ATTEMPT, GRACE));
        AgentMessage.Ended ended = node.link.awaitEnded(ATTEMPT);
        assertThat(ending(ended)).isEqualTo(new Outcome.Ending.Signaled("SIGTERM"));
        assertThat(node.process(ATTEMPT).alive()).isFalse();
    }

    @Test
    void f17_aNewAgentGoesOnWithWhatRunsAndReportsWhatEndedMeanwhile() throws Exception {
        node.start();
        AttemptId ended = Samples.attempt(2);
        AttemptId reported = Samples.attempt(3);
        running(ATTEMPT);
        running(ended);
        running(reported);
        node.process(reported).exit(9);
        node.link.awaitEnded(reported);
        node.kill();
        node.process(ended).exit(7);

        Agent agent = node.start();
        assertThat(node.link.awaitHello().known())
                .containsExactlyInAnyOrder(
                        new Known(ATTEMPT, Known.Phase.RUNNING),
                        new Known(ended, Known.Phase.ENDED),
                        new Known(reported, Known.Phase.ENDED));
        assertThat(node.link.messages().getFirst()).isInstanceOf(AgentMessage.Hello.class);
        assertThat(node.link.awaitStarted(ATTEMPT).pid())
                .isEqualTo(node.process(ATTEMPT).pid());
        assertThat(ending(node.link.awaitEnded(ended))).isEqualTo(new Outcome.Ending.Exited(7));
        assertThat(ending(node.link.awaitEnded(reported))).isEqualTo(new Outcome.Ending.Exited(9));
        assertThat(agent.running()).isEqualTo(1);

        node.link.deliver(new ServerMessage.StopAttempt(ATTEMPT, GRACE));
        assertThat(ending(node.link.awaitEnded(ATTEMPT))).isEqualTo(new Outcome.Ending.Signaled("SIGTERM"));
        assertThat(node.machine.launches()).isEqualTo(3);
    }

    @Test
    void f17_aThousandAreAttachedToAtOnce() throws Exception {
        int many = 1_000;
        try (AttemptJournal journal = new MemoryAttemptJournal(node.disk)) {
            journal.open();
            for (int task = 0; task < many; task++) {
                AttemptId attempt = Samples.attempt(task);
                journal.starting(attempt, Samples.AT);
                new AttemptFiles(data).prepareDirectory(attempt);
                node.machine.start(node.file(attempt));
            }
        }
        // Each waits for all others: it only comes to an end if nobody waits for the one before.
        CountDownLatch allAreAtIt = new CountDownLatch(many);
        node.machine.beforeAttach(_ -> {
            allAreAtIt.countDown();
            if (!allAreAtIt.await(60, TimeUnit.SECONDS)) {
                throw new IOException("one after the other");
            }
        });
        node.start();
        assertThat(node.link.awaitHello().known())
                .hasSize(many)
                .allMatch(known -> known.phase() == Known.Phase.RUNNING);
    }

    @Test
    void aSupervisorThatDoesNotAnswerHoldsUpNeitherTheGreetingNorTheRest() throws Exception {
        leaveStartRecord();
        new AttemptFiles(data).prepareDirectory(ATTEMPT);
        node.machine.start(node.file(ATTEMPT));
        AtomicBoolean silent = new AtomicBoolean(true);
        node.machine.beforeAttach(_ -> {
            if (silent.get()) {
                throw new IOException("no answer");
            }
        });
        node.start();
        assertThat(node.link.awaitHello().known()).containsExactly(new Known(ATTEMPT, Known.Phase.STARTING));
        node.link.deliver(Samples.start(ATTEMPT));
        silent.set(false);
        node.link.awaitStarted(ATTEMPT);
        assertThat(node.machine.launches()).isEqualTo(1);
    }
}
