package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.exec.ProcessLauncher;
import dev.hufu.exec.ProcessLaunchers;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.support.SystemTimers;
import dev.hufu.support.Threads;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An agent on a system for which there is no native launcher. */
final class AgentOnJdkLauncherTest {
    private static final AttemptId ATTEMPT = Samples.attempt(1);

    @TempDir
    private Path data;

    private final SystemTimers timers = new SystemTimers();
    private final FakeLink link = new FakeLink();
    private @Nullable ProcessLauncher launcher;
    private @Nullable Agent agent;

    @BeforeEach
    void start() {
        timers.start();
        ProcessLauncher fallback = ProcessLaunchers.jdkLauncher(timers::now, Threads.platformFactory("test-process-"));
        Agent made = new Agent(new AgentConfig("local", data, 100, 4, false), link, fallback, timers, "1");
        launcher = fallback;
        agent = made;
        made.start();
        link.connect();
    }

    @AfterEach
    void stop() {
        Objects.requireNonNull(agent).stop();
        Objects.requireNonNull(launcher).close();
        timers.stop();
    }

    @Test
    void aStopEndsWhatRunsAndClaimsNoProof() throws Exception {
        link.deliver(Samples.start(ATTEMPT));
        assertThat(link.awaitStarted(ATTEMPT).pid()).isPositive();
        link.deliver(new ServerMessage.StopAttempt(ATTEMPT, Duration.ofSeconds(30)));

        Outcome outcome = link.awaitEnded(ATTEMPT).outcome();

        assertThat(outcome.ending()).as("not told from an exit with 143").isEqualTo(new Outcome.Ending.Exited(143));
        assertThat(outcome.usage()).isNull();
        assertThat(Objects.requireNonNull(outcome.killReport()).proof()).isEqualTo(Outcome.KillReport.UNPROVEN);
    }

    @Test
    void theNodeSaysWhatItCannotPromise() throws Exception {
        assertThat(link.awaitHello().facts().get("launcherLacks"))
                .contains("exact-status", "own-deadline", "reattach", "whole-tree");
    }
}
