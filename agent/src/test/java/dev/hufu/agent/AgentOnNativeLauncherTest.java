package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.exec.Isolation;
import dev.hufu.exec.LauncherConfig;
import dev.hufu.exec.OutputReader;
import dev.hufu.exec.ProcessLauncher;
import dev.hufu.exec.ProcessLaunchers;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.RunningProcess;
import dev.hufu.exec.StreamName;
import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AgentMessage.Known;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.Execution;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.support.SystemTimers;
import dev.hufu.support.Threads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent with real processes. */
final class AgentOnNativeLauncherTest {
    private static final AttemptId ATTEMPT = Samples.attempt(1);

    /** A launcher whose launches take long to reach the native one. */
    private static final class SlowToReach implements ProcessLauncher {
        private final ProcessLauncher reached;
        private final AtomicInteger launches = new AtomicInteger();

        SlowToReach(ProcessLauncher reached) {
            this.reached = reached;
        }

        /** Comes when the time for the start is over. */
        @Override
        public RunningProcess launch(ProcessSpec spec) throws IOException {
            launches.incrementAndGet();
            try {
                Conditions.await(() -> Instant.now().isAfter(Objects.requireNonNull(spec.notAfter())));
            } catch (InterruptedException interrupted) {
                throw new IOException(interrupted);
            }
            return reached.launch(spec);
        }

        @Override
        public Attachment attach(Path attemptFile, Duration patience) throws IOException, InterruptedException {
            return reached.attach(attemptFile, patience);
        }

        @Override
        public OutputReader output(Path attemptFile) throws IOException {
            return reached.output(attemptFile);
        }

        @Override
        public Set<Capability> capabilities() {
            return reached.capabilities();
        }

        @Override
        public Isolation isolation() {
            return reached.isolation();
        }

        @Override
        public void close() {
            reached.close();
        }
    }

    @TempDir
    private Path data;

    private final SystemTimers timers = new SystemTimers();
    private FakeLink link = new FakeLink();
    private @Nullable Path sockets;
    private @Nullable ProcessLauncher launcher;
    private @Nullable Agent agent;

    @BeforeEach
    void startTimers() throws IOException {
        timers.start();
        // Short, whatever the length of the path of this checkout.
        sockets = Files.createTempDirectory(Path.of("/tmp"), "hufu");
        startAgent();
    }

    @AfterEach
    void stopEverything() throws IOException, InterruptedException {
        endWhatRuns();
        stopAgent();
        timers.stop();
        Path directory = sockets;
        if (directory != null) {
            Conditions.await(() -> isEmpty(directory));
            Files.delete(directory);
        }
    }

    private static boolean isEmpty(Path directory) {
        try (var names = Files.list(directory)) {
            for (Path leftover : names.toList()) {
                Files.deleteIfExists(leftover);
            }
            return true;
        } catch (IOException unreadable) {
            return false;
        }
    }

    private Agent startAgent() throws IOException {
        if (sockets == null) {
            throw new IllegalStateException("the test has not begun");
        }
        return startAgent(ProcessLaunchers.nativeLauncher(
                LauncherConfig.defaults().withRunDirectory(sockets),
                timers::now,
                Threads.virtualFactory("test-process-")));
    }

    private Agent startAgent(ProcessLauncher with) {
        link = new FakeLink();
        launcher = with;
        Agent made = new Agent(new AgentConfig("local", data, 2_000, 4, false), link, with, timers, "1");
        agent = made;
        made.start();
        return made;
    }

    private void stopAgent() {
        if (agent != null) {
            agent.stop();
        }
        if (launcher != null) {
            launcher.close();
        }
    }

    private void endWhatRuns() throws InterruptedException {
        link.clear();
        link.connect();
        for (Known known : link.awaitHello().known()) {
            link.deliver(new ServerMessage.StopAttempt(known.attempt(), Duration.ZERO));
            link.awaitEnded(known.attempt());
            link.deliver(new ServerMessage.Acknowledged(known.attempt()));
        }
    }

    private static RunSpec spec(Execution execution, RunSpec.OnOutput onOutput) {
        return new RunSpec(
                execution,
                Map.of("MINE", "1"),
                null,
                Bytes.of("from outside".getBytes(StandardCharsets.UTF_8)),
                Duration.ofMinutes(10),
                Duration.ofSeconds(5),
                Duration.ofHours(1),
                new RunSpec.Limits(1 << 20, onOutput),
                0,
                Map.of());
    }

    private void start(AttemptId attempt, String... argv) {
        start(attempt, RunSpec.OnOutput.TRUNCATE, argv);
    }

    private void start(AttemptId attempt, RunSpec.OnOutput onOutput, String... argv) {
        link.deliver(new ServerMessage.StartAttempt(
                attempt, spec(new Execution.Argv(List.of(argv)), onOutput), Samples.FAR, "00-trace-01"));
    }

    private long written(AttemptId attempt) throws IOException {
        if (agent == null) {
            throw new IllegalStateException("there is no agent");
        }
        try (OutputReader reader = agent.output(attempt).orElseThrow()) {
            return reader.extent(StreamName.STDOUT).written();
        }
    }

    private void awaitWritten(AttemptId attempt, long bytes) throws InterruptedException {
        Conditions.await(() -> {
            try {
                return written(attempt) == bytes;
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        });
    }

    private String output(AttemptId attempt, StreamName stream) throws IOException {
        if (agent == null) {
            throw new IllegalStateException("there is no agent");
        }
        try (OutputReader reader = agent.output(attempt).orElseThrow()) {
            ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
            int read;
            do {
                read = reader.read(stream, bytes.position(), bytes);
            } while (read > 0);
            return StandardCharsets.UTF_8.decode(bytes.flip()).toString();
        }
    }

    @Test
    void aCommandRunsAndItsOutputIsRead() throws Exception {
        start(ATTEMPT, "sh", "-c", "cat; echo oops >&2; exit 3");
        assertThat(link.awaitStarted(ATTEMPT).pid()).isPositive();
        Outcome outcome = link.awaitEnded(ATTEMPT).outcome();
        assertThat(outcome.ending()).isEqualTo(new Outcome.Ending.Exited(3));
        assertThat(outcome.startedAt()).isNotNull().isBetween(Instant.now().minusSeconds(600), outcome.finishedAt());
        assertThat(outcome.output()).isEqualTo(new Outcome.Output(12, 5, false, false));
        assertThat(outcome.usage()).isNotNull();
        assertThat(output(ATTEMPT, StreamName.STDOUT)).isEqualTo("from outside");
        assertThat(output(ATTEMPT, StreamName.STDERR)).isEqualTo("oops\n");
    }

    @Test
    void theProcessSeesTheContractsEnvironmentAndNothingElse() throws Exception {
        start(ATTEMPT, "env");
        link.awaitEnded(ATTEMPT);
        NodeUser user = NodeUser.current();
        assertThat(output(ATTEMPT, StreamName.STDOUT).lines())
                .filteredOn(line -> !line.startsWith("HUFU_DEADLINE=") && !line.startsWith("HUFU_CHECKPOINT_DIR="))
                .containsExactlyInAnyOrder(
                        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                        "HOME=" + user.home(),
                        "USER=" + user.name(),
                        "LOGNAME=" + user.name(),
                        "LANG=C.UTF-8",
                        "MINE=1",
                        "HUFU_RUN_ID=" + Samples.RUN.value(),
                        "HUFU_TASK_ID=" + ATTEMPT.task(),
                        "HUFU_ATTEMPT=1",
                        "TRACEPARENT=00-trace-01");
        assertThat(output(ATTEMPT, StreamName.STDOUT))
                .containsPattern("(?m)^HUFU_CHECKPOINT_DIR=/.+/checkpoints/" + ATTEMPT.task() + "$")
                .containsPattern("(?m)^HUFU_DEADLINE=\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$");
    }

    @Test
    void b21_aMissingProgramIsNamedInTheMessage() throws Exception {
        start(ATTEMPT, "/no/such/program");
        Outcome outcome = link.awaitEnded(ATTEMPT).outcome();
        assertThat(outcome.ending())
                .isEqualTo(new Outcome.Ending.SpawnFailed(
                        "ENOENT", "exec", "No such file or directory: /no/such/program"));
        assertThat(outcome.startedAt()).isNull();
        assertThat(link.messages()).noneMatch(AgentMessage.Started.class::isInstance);
    }

    @Test
    void aStopEndsTheTreeWithAReport() throws Exception {
        start(ATTEMPT, "sh", "-c", "sleep 600 & sleep 600 & wait");
        link.awaitStarted(ATTEMPT);
        link.deliver(new ServerMessage.StopAttempt(ATTEMPT, Duration.ofSeconds(5)));
        Outcome outcome = link.awaitEnded(ATTEMPT).outcome();
        assertThat(outcome.ending()).isEqualTo(new Outcome.Ending.Signaled("SIGTERM"));
        assertThat(outcome.stopCause()).isEqualTo(Outcome.StopCause.REQUESTED);
        assertThat(outcome.killReport()).isNotNull();
    }

    @Test
    void f15_whatWasKeptFromStartingHasNoOutputAndNoProcess() throws Exception {
        Path witness = data.resolve("witness");
        link.deliver(new ServerMessage.StopAttempt(ATTEMPT, Duration.ZERO));
        start(ATTEMPT, "touch", witness.toString());
        assertThat(link.awaitEnded(ATTEMPT).outcome().ending()).isEqualTo(new Outcome.Ending.NeverStarted());
        link.deliver(new ServerMessage.Acknowledged(ATTEMPT));
        link.clear();
        start(ATTEMPT, "touch", witness.toString());
        assertThat(link.awaitEnded(ATTEMPT).outcome().ending()).isEqualTo(new Outcome.Ending.NeverStarted());
        assertThat(witness).doesNotExist();
        if (agent != null) {
            assertThat(agent.output(ATTEMPT)).isEmpty();
        }
    }

    @Test
    void f10_whatIsHeldUpOnTheWayToTheLauncherIsNeverStarted() throws Exception {
        Path witness = data.resolve("witness");
        RunSpec touch = spec(new Execution.Argv(List.of("touch", witness.toString())), RunSpec.OnOutput.TRUNCATE);
        SlowToReach slow = new SlowToReach(Objects.requireNonNull(launcher));
        Objects.requireNonNull(agent).stop();
        startAgent(slow);
        link.deliver(
                new ServerMessage.StartAttempt(ATTEMPT, touch, Instant.now().plusSeconds(1), null));
        Outcome outcome = link.awaitEnded(ATTEMPT).outcome();
        assertThat(outcome.ending()).isEqualTo(new Outcome.Ending.Expired());
        assertThat(outcome.startedAt()).isNull();
        assertThat(slow.launches).as("the agent itself was in time").hasValue(1);
        link.deliver(new ServerMessage.Acknowledged(ATTEMPT));
        link.clear();

        stopAgent();
        startAgent();
        link.deliver(new ServerMessage.StartAttempt(ATTEMPT, touch, Samples.FAR, null));
        assertThat(link.awaitEnded(ATTEMPT).outcome().ending())
                .as("what was once told to have expired never starts")
                .isEqualTo(new Outcome.Ending.Expired());
        assertThat(witness).doesNotExist();
        assertThat(link.messages()).noneMatch(AgentMessage.Started.class::isInstance);
    }

    @Test
    void f17_aNewAgentGoesOnWithWhatRuns() throws Exception {
        Path go = data.resolve("go");
        AttemptId other = Samples.attempt(2);
        start(ATTEMPT, "sh", "-c", "echo before; until [ -e '" + go + "' ]; do sleep 0.05; done; echo after; exit 4");
        start(other, "sleep", "600");
        long pid = link.awaitStarted(ATTEMPT).pid();
        link.awaitStarted(other);
        stopAgent();
        startAgent();
        assertThat(link.awaitHello().known())
                .containsExactlyInAnyOrder(
                        new Known(ATTEMPT, Known.Phase.RUNNING), new Known(other, Known.Phase.RUNNING));
        assertThat(link.awaitStarted(ATTEMPT).pid()).isEqualTo(pid);
        link.deliver(new ServerMessage.StopAttempt(other, Duration.ofSeconds(5)));
        assertThat(link.awaitEnded(other).outcome().ending()).isEqualTo(new Outcome.Ending.Signaled("SIGTERM"));
        Files.createFile(go);
        assertThat(link.awaitEnded(ATTEMPT).outcome().ending()).isEqualTo(new Outcome.Ending.Exited(4));
        assertThat(output(ATTEMPT, StreamName.STDOUT)).isEqualTo("before\nafter\n");
    }

    @Test
    void b30_tooMuchOutputIsAKill() throws Exception {
        start(ATTEMPT, RunSpec.OnOutput.KILL, "yes");
        Outcome outcome = link.awaitEnded(ATTEMPT).outcome();
        assertThat(outcome.ending()).isEqualTo(new Outcome.Ending.Signaled("SIGTERM"));
        assertThat(outcome.stopCause()).isEqualTo(Outcome.StopCause.OUTPUT);
        assertThat(outcome.killReport()).isNotNull();
    }

    @Test
    void f17_aProcessThatWaitsForItsReaderGoesOnWithTheNextAgent() throws Exception {
        int window = 1 << 20;
        start(ATTEMPT, RunSpec.OnOutput.BLOCK, "head", "-c", "3000000", "/dev/zero");
        link.deliver(new ServerMessage.OutputRead(ATTEMPT, 5, 0));
        link.awaitStarted(ATTEMPT);
        awaitWritten(ATTEMPT, window + 5);
        link.deliver(new ServerMessage.OutputRead(ATTEMPT, 1_000, 0));
        awaitWritten(ATTEMPT, window + 1_000);
        stopAgent();
        startAgent();
        link.deliver(new ServerMessage.OutputRead(ATTEMPT, 1_001, 0));
        awaitWritten(ATTEMPT, window + 1_001);
        link.deliver(new ServerMessage.OutputRead(ATTEMPT, 3_000_000, 0));
        Outcome outcome = link.awaitEnded(ATTEMPT).outcome();
        assertThat(outcome.ending()).isEqualTo(new Outcome.Ending.Exited(0));
        assertThat(outcome.output()).isEqualTo(new Outcome.Output(3_000_000, 0, false, false));
    }

    @Test
    @Tag("long")
    void f17_aThousandAreAttachedTo() throws Exception {
        int many = 1_000;
        for (int task = 0; task < many; task++) {
            start(Samples.attempt(task), "sleep", "600");
        }
        for (int task = 0; task < many; task++) {
            link.awaitStarted(Samples.attempt(task));
        }
        stopAgent();
        startAgent();
        assertThat(link.awaitHello().known()).hasSize(many).allMatch(known -> known.phase() == Known.Phase.RUNNING);
    }
}
