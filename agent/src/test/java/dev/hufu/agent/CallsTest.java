package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.exec.Signals;
import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AgentMessage.NotDone;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.SignalName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a server may ask of an attempt that runs. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before each test.
final class CallsTest {
    private static final AttemptId ATTEMPT = Samples.attempt(1);

    private final ManualTimers timers = new ManualTimers();
    private AgentFixture node;

    @BeforeEach
    void start(@TempDir Path data) throws InterruptedException {
        node = new AgentFixture(data, timers);
        node.start();
        node.link.deliver(Samples.start(ATTEMPT));
        node.link.awaitStarted(ATTEMPT);
    }

    @AfterEach
    void stop() {
        node.close();
    }

    private AgentMessage answer(long call) throws InterruptedException {
        return node.link.await(message -> switch (message) {
            case AgentMessage.ProcessesListed listed -> listed.call() == call;
            case AgentMessage.SignalSent sent -> sent.call() == call;
            case NotDone notDone -> notDone.call() == call;
            case AgentMessage.Hello _,
                    AgentMessage.Keeps _,
                    AgentMessage.Started _,
                    AgentMessage.KillPending _,
                    AgentMessage.Ended _ -> false;
        });
    }

    private AgentMessage list(long call) throws InterruptedException {
        node.link.deliver(new ServerMessage.ListProcesses(ATTEMPT, call));
        return answer(call);
    }

    private AgentMessage signal(long call, String signal, boolean wholeTree) throws InterruptedException {
        node.link.deliver(new ServerMessage.SendSignal(ATTEMPT, call, signal, wholeTree));
        return answer(call);
    }

    @Test
    void theProcessesOfAnAttemptAreToldWithWhatIsKnownOfThem() throws Exception {
        assertThat(list(1)).isInstanceOfSatisfying(AgentMessage.ProcessesListed.class, listed -> {
            assertThat(listed.attempt()).isEqualTo(ATTEMPT);
            assertThat(listed.list().takenAt()).isEqualTo(Samples.AT);
            assertThat(listed.list().processes()).singleElement().satisfies(main -> {
                assertThat(main.pid()).isEqualTo(node.process(ATTEMPT).pid());
                assertThat(main.argv()).isEqualTo(List.of("main", "x"));
                assertThat(main.userMs()).isEqualTo(10);
                assertThat(main.systemMs()).isEqualTo(20);
            });
        });
    }

    @Test
    void oneLookASecondServesAllWhoAsk() throws Exception {
        for (int call = 1; call <= 50; call++) {
            node.link.deliver(new ServerMessage.ListProcesses(ATTEMPT, call));
        }
        for (int call = 1; call <= 50; call++) {
            assertThat(answer(call)).isInstanceOf(AgentMessage.ProcessesListed.class);
        }
        assertThat(node.process(ATTEMPT).looks()).isEqualTo(1);
        timers.advance(Duration.ofMillis(999));
        list(51);
        assertThat(node.process(ATTEMPT).looks()).isEqualTo(1);
        timers.advance(Duration.ofMillis(1));
        list(52);
        assertThat(node.process(ATTEMPT).looks()).isEqualTo(2);
    }

    @Test
    void whatDoesNotRunHasNoProcesses() throws Exception {
        node.process(ATTEMPT).exit(0);
        node.link.awaitEnded(ATTEMPT);
        assertThat(list(1)).isEqualTo(new NotDone(ATTEMPT, 1, NotDone.Why.NOT_RUNNING));
        assertThat(signal(2, "SIGHUP", false)).isEqualTo(new NotDone(ATTEMPT, 2, NotDone.Why.NOT_RUNNING));
        node.link.deliver(new ServerMessage.ListProcesses(Samples.attempt(2), 3));
        assertThat(answer(3)).isEqualTo(new NotDone(Samples.attempt(2), 3, NotDone.Why.NOT_RUNNING));
        assertThat(node.process(ATTEMPT).signals()).isEmpty();
    }

    @Test
    void whatCannotBeReadIsSaid() throws Exception {
        node.process(ATTEMPT).unreadable(true);
        assertThat(list(1)).isEqualTo(new NotDone(ATTEMPT, 1, NotDone.Why.UNREACHABLE));
    }

    @Test
    void signalsReachTheProcess() throws Exception {
        assertThat(signal(1, "SIGQUIT", false)).isEqualTo(new AgentMessage.SignalSent(ATTEMPT, 1));
        assertThat(signal(2, "SIGRTMIN+3", true)).isEqualTo(new AgentMessage.SignalSent(ATTEMPT, 2));
        assertThat(node.process(ATTEMPT).signals().poll(60, TimeUnit.SECONDS)).isEqualTo("3 to one");
        assertThat(node.process(ATTEMPT).signals().poll(60, TimeUnit.SECONDS)).isEqualTo("37 to all");
        assertThat(node.process(ATTEMPT).stops()).as("a signal is no stop").isEmpty();
    }

    @Test
    void everySignalOfTheProtocolIsOneOfTheProcessLibrary() {
        for (int number = 1; number <= SignalName.names().size(); number++) {
            assertThat(Signals.name(number)).isEqualTo(SignalName.names().get(number - 1));
        }
        assertThat(Signals.number("SIGRTMIN+30")).hasValue(Signals.LAST);
        assertThat(SignalName.of("SIGRTMIN+30")).isPresent();
    }
}
