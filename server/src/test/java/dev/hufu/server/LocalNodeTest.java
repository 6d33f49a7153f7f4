package dev.hufu.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.agent.AgentConfig;
import dev.hufu.exec.LauncherConfig;
import dev.hufu.exec.ProcessLauncher;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.RunState;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.output.AttemptOutput;
import dev.hufu.server.output.AttemptOutput.Stream;
import dev.hufu.support.SystemTimers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Node {@code local} with the real launcher, under a server without HTTP. */
final class LocalNodeTest {
    @TempDir
    Path directory;

    private final SystemTimers timers = new SystemTimers();
    private Path sockets;
    private Core core;
    private LocalNode node;

    @BeforeEach
    void begin() throws IOException {
        timers.start();
        // Short, because the path of a socket must be.
        sockets = Files.createTempDirectory(Path.of("/tmp"), "hufu-test-");
        open();
    }

    @AfterEach
    void end() throws IOException {
        close();
        timers.stop();
        try (var left = Files.list(sockets)) {
            for (Path each : left.toList()) {
                Files.deleteIfExists(each);
            }
        }
        Files.deleteIfExists(sockets);
    }

    private void open() {
        core = new Core(directory, timers);
        node = new LocalNode(
                new AgentConfig("local", directory.resolve("agent"), 100, 4, false),
                LauncherConfig.defaults()
                        .withRunDirectory(sockets)
                        .withLog(directory.resolve("launcher.log"))
                        .withMaxIdleSupervisors(4),
                "test",
                core.sessions,
                timers,
                _ -> {});
        core.sessions.start();
        core.dispatcher.start();
        node.start();
    }

    private void close() {
        core.dispatcher.stop();
        node.stop();
        core.close();
    }

    @Test
    void aCommandRunsAndItsOutputAndOutcomeAreThere() throws Exception {
        RunId run = core.submit(Samples.spec("/bin/sh", "-c", "echo out; echo err >&2; exit 3"));
        assertThat(core.ended(run).progress().state()).isEqualTo(RunState.FAILED);
        AttemptId attempt = core.task(run).currentAttempt();
        assertThat(output(attempt, Stream.STDOUT)).isEqualTo("out\n");
        assertThat(output(attempt, Stream.STDERR)).isEqualTo("err\n");
        assertThat(core.task(run).attempts().getFirst().outcome()).isNotNull();
        assertThat(node.output().open(new AttemptId(Samples.id().task(0), 1))).isEmpty();
    }

    @Test
    void withoutANativeLauncherTheJdkRunsCommands() throws Exception {
        try (ProcessLauncher weaker = LocalNode.launcher(LauncherConfig.defaults(), timers, false)) {
            assertThat(weaker.capabilities())
                    .doesNotContain(
                            ProcessLauncher.Capability.REATTACH,
                            ProcessLauncher.Capability.WHOLE_TREE,
                            ProcessLauncher.Capability.OUTPUT_POLICIES);
        }
    }

    @Test
    void b21_aMissingProgramFailsWithItsErrno() throws InterruptedException {
        RunId run = core.submit(Samples.spec("/no/such/program"));
        assertThat(core.ended(run).progress().state()).isEqualTo(RunState.FAILED);
        assertThat(core.task(run).progress().message()).startsWith("No such file or directory");
    }

    @Test
    void aCancelKillsTheProcess() throws Exception {
        RunId run = core.submit(Samples.spec("/bin/sh", "-c", "echo $$; exec sleep 600"));
        long pid = pidFromOutput(run);
        assertThat(ProcessHandle.of(pid)).isPresent();
        core.cancellations.cancel(run, "token:admin");
        assertThat(core.ended(run).progress().state()).isEqualTo(RunState.CANCELLED);
        assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
        assertThat(core.task(run).attempts().getFirst().outcome()).isNotNull();
    }

    @Test
    void b30_tooMuchOutputFailsTheTaskWhereThatWasAskedFor() throws Exception {
        RunId run = core.submit(Samples.spec(new RunSpec.Limits(100_000, RunSpec.OnOutput.KILL), "yes"));
        assertThat(core.ended(run).progress().state()).isEqualTo(RunState.FAILED);
        assertThat(core.task(run).progress().reason()).isEqualTo(Reason.OUTPUT_LIMIT);
        Outcome outcome =
                Objects.requireNonNull(core.task(run).attempts().getFirst().outcome());
        assertThat(outcome.killReport()).isNotNull();
        assertThat(outcome.output().stdoutBytes()).isGreaterThan(100_000);
    }

    @Test
    void f17_aProcessWaitsForItsReaderAlsoOverARestart() throws Exception {
        int window = 100_000;
        RunId run = core.submit(
                Samples.spec(new RunSpec.Limits(window, RunSpec.OnOutput.BLOCK), "head", "-c", "1000000", "/dev/zero"));
        AttemptId attempt = new AttemptId(run.task(0), 1);
        awaitWritten(attempt, window);
        core.sessions.send("local", new ServerMessage.OutputRead(attempt, 10, 0));
        awaitWritten(attempt, window + 10);
        close();
        open();
        Core.await("the node is ready", () -> core.sessions.session("local").isPresent());
        core.sessions.send("local", new ServerMessage.OutputRead(attempt, 11, 0));
        awaitWritten(attempt, window + 11);
        assertThat(core.state(run)).isEqualTo(TaskState.RUNNING);
        core.sessions.send("local", new ServerMessage.OutputRead(attempt, 1_000_000, 0));
        assertThat(core.ended(run).progress().state()).isEqualTo(RunState.SUCCEEDED);
        try (AttemptOutput output = node.output().open(attempt).orElseThrow()) {
            assertThat(output.extent(Stream.STDOUT))
                    .isEqualTo(new AttemptOutput.Extent(1_000_000, 1_000_000, 1_000_000));
        }
    }

    private void awaitWritten(AttemptId attempt, long bytes) throws InterruptedException {
        Core.await(bytes + " bytes are written", () -> {
            try {
                Optional<AttemptOutput> opened = node.output().open(attempt);
                if (opened.isEmpty()) {
                    return false;
                }
                try (AttemptOutput output = opened.get()) {
                    return output.extent(Stream.STDOUT).written() == bytes;
                }
            } catch (IOException failed) {
                throw new AssertionError(failed);
            }
        });
    }

    @Test
    void f15_aCancelThatRacesTheStartNeverLeavesAProcess() throws Exception {
        List<RunId> runs = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            RunId run = core.submit(Samples.spec("/bin/sh", "-c", "echo $$; exec sleep 600"));
            core.cancellations.cancel(run, "token:admin");
            runs.add(run);
        }
        for (RunId run : runs) {
            assertThat(core.ended(run).progress().state()).isEqualTo(RunState.CANCELLED);
            String text = output(core.task(run).currentAttempt(), Stream.STDOUT);
            if (!text.isEmpty()) {
                assertThat(ProcessHandle.of(Long.parseLong(text.strip())).filter(ProcessHandle::isAlive))
                        .isEmpty();
            }
        }
    }

    @Test
    void f17_whatRunsGoesOnOverARestartAndEndsOnce() throws Exception {
        Path go = directory.resolve("go");
        RunId run = core.submit(
                Samples.spec("/bin/sh", "-c", "echo $$; while [ ! -e '" + go + "' ]; do sleep 0.05; done; echo done"));
        long pid = pidFromOutput(run);
        close();
        assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isPresent();
        open();
        Core.await(
                "the node is ready",
                () -> core.sessions
                        .session("local")
                        .map(session -> session.capacity() > 0)
                        .orElse(false));
        // Where the start was not recorded before, the agent tells it once the two agree.
        Core.await("the run goes on", () -> core.state(run) == TaskState.RUNNING);
        Files.createFile(go);
        assertThat(core.ended(run).progress().state()).isEqualTo(RunState.SUCCEEDED);
        assertThat(output(core.task(run).currentAttempt(), Stream.STDOUT)).isEqualTo(pid + "\ndone\n");
        assertThat(core.task(run).attempts()).hasSize(1);
    }

    @Test
    void whatWasPendingWhenTheServerStoppedRunsUnderTheNext() throws InterruptedException {
        core.dispatcher.stop();
        RunId run = core.submit(Samples.spec("true"));
        close();
        open();
        assertThat(core.ended(run).progress().state()).isEqualTo(RunState.SUCCEEDED);
    }

    @Test
    void twoHundredAtOnceAllSucceed() throws Exception {
        List<RunId> runs = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            runs.add(core.submit(Samples.spec("/bin/sh", "-c", "echo number " + i)));
        }
        for (int i = 0; i < runs.size(); i++) {
            assertThat(core.ended(runs.get(i)).progress().state()).isEqualTo(RunState.SUCCEEDED);
            assertThat(output(core.task(runs.get(i)).currentAttempt(), Stream.STDOUT))
                    .isEqualTo("number " + i + "\n");
        }
        assertThat(core.store.pendingTasks()).isZero();
    }

    private long pidFromOutput(RunId run) throws Exception {
        AttemptId attempt = new AttemptId(run.task(0), 1);
        List<String> text = new ArrayList<>();
        Core.await("it wrote its pid", () -> {
            try {
                text.add(output(attempt, Stream.STDOUT));
            } catch (IOException failed) {
                throw new AssertionError(failed);
            }
            return text.getLast().endsWith("\n");
        });
        return Long.parseLong(text.getLast().strip());
    }

    private String output(AttemptId attempt, Stream stream) throws IOException {
        Optional<AttemptOutput> opened = node.output().open(attempt);
        if (opened.isEmpty()) {
            return "";
        }
        try (AttemptOutput output = opened.get()) {
            ByteBuffer bytes = ByteBuffer.allocate(64 << 10);
            int read = output.read(stream, 0, bytes);
            return new String(bytes.array(), 0, read, StandardCharsets.UTF_8);
        }
    }
}
