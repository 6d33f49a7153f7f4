package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.agent.FakeProcessLauncher.Consumed;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.ServerMessage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What readers have of an attempt's output, from the link to the process. */
final class ReadPositionsTest {
    private static final AttemptId ATTEMPT = Samples.attempt(1);

    @TempDir
    private Path data;

    private AgentFixture node = new AgentFixture(Path.of("/"));

    @BeforeEach
    void startNode() {
        node.close();
        node = new AgentFixture(data);
        node.start();
    }

    @AfterEach
    void closeNode() {
        node.close();
    }

    private FakeProcessLauncher.FakeProcess running() throws InterruptedException {
        node.link.deliver(Samples.start(ATTEMPT));
        node.link.awaitStarted(ATTEMPT);
        return node.process(ATTEMPT);
    }

    private void read(long stdout, long stderr) {
        node.link.deliver(new ServerMessage.OutputRead(ATTEMPT, stdout, stderr));
    }

    @Test
    void positionsReachTheProcessAndNeverGoBack() throws Exception {
        FakeProcessLauncher.FakeProcess process = running();
        read(10, 20);
        assertThat(process.awaitConsumed()).isEqualTo(new Consumed(10, 20));
        read(9, 20);
        read(-1, Long.MIN_VALUE);
        read(11, 0);
        assertThat(process.awaitConsumed()).isEqualTo(new Consumed(11, 20));
        assertThat(process.hasConsumed()).isFalse();
    }

    @Test
    void whatIsReadBeforeTheProcessIsThereIsKept() throws Exception {
        CountDownLatch told = new CountDownLatch(1);
        node.machine.beforeLaunch(_ -> told.await());
        node.link.deliver(Samples.start(ATTEMPT));
        read(3, 0);
        read(0, 4);
        told.countDown();
        node.link.awaitStarted(ATTEMPT);
        assertThat(node.process(ATTEMPT).awaitConsumed()).isEqualTo(new Consumed(3, 4));
    }

    @Test
    void f17_aNewAgentTellsWhatItHears() throws Exception {
        FakeProcessLauncher.FakeProcess process = running();
        read(1, 1);
        process.awaitConsumed();
        node.kill();
        node.start();
        read(2, 1);
        assertThat(process.awaitConsumed()).isEqualTo(new Consumed(2, 1));
    }

    @Test
    void f29_aProcessThatDoesNotListenHoldsUpNothing() throws Exception {
        FakeProcessLauncher.FakeProcess process = running();
        CountDownLatch listens = new CountDownLatch(1);
        process.beforeConsumed(() -> {
            try {
                listens.await();
            } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
            }
        });
        for (int position = 1; position <= 1_000; position++) {
            read(position, 0);
        }
        node.link.deliver(new ServerMessage.StopAttempt(ATTEMPT, Duration.ZERO));
        node.link.awaitEnded(ATTEMPT);
        listens.countDown();
        assertThat(process.awaitConsumed().stdout()).isPositive();
    }

    @Test
    void theLastOfManyPositionsArrives() throws Exception {
        FakeProcessLauncher.FakeProcess process = running();
        for (int position = 1; position <= 10_000; position++) {
            read(position, 0);
        }
        Consumed consumed;
        do {
            consumed = process.awaitConsumed();
        } while (consumed.stdout() < 10_000);
        assertThat(process.hasConsumed()).isFalse();
    }

    @Test
    void whatNobodyKnowsAndWhatHasEndedIsLeftAlone() throws Exception {
        read(1, 1);
        FakeProcessLauncher.FakeProcess process = running();
        process.exit(0);
        node.link.awaitEnded(ATTEMPT);
        read(2, 2);
        assertThat(process.hasConsumed()).isFalse();
    }
}
