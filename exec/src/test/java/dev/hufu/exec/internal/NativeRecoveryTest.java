package dev.hufu.exec.internal;

import static dev.hufu.exec.LauncherFixture.LONG;
import static dev.hufu.exec.LauncherFixture.assertGone;
import static dev.hufu.exec.LauncherFixture.await;
import static dev.hufu.exec.LauncherFixture.awaitOutput;
import static dev.hufu.exec.LauncherFixture.awaitPid;
import static dev.hufu.exec.LauncherFixture.end;
import static dev.hufu.exec.LauncherFixture.isAlive;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.exec.ExitStatus.Exited;
import dev.hufu.exec.ExitStatus.Signaled;
import dev.hufu.exec.ExitStatus.Unknown;
import dev.hufu.exec.LauncherConfig;
import dev.hufu.exec.LauncherFixture;
import dev.hufu.exec.LauncherFixture.Outcome;
import dev.hufu.exec.ProcessLauncher.Attachment;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.RunningProcess;
import dev.hufu.exec.Signals;
import dev.hufu.exec.StopCause;
import dev.hufu.exec.StopPolicy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init") // JUnit fills the fields before each test.
final class NativeRecoveryTest {
    private static final String TREE = """
            (setsid sh -c 'echo $$ > daemon; exec sleep 300' &)
            sleep 300 & echo $! > child
            while ! [ -s daemon ]; do sleep 0.02; done
            echo ready
            sleep 300
            """;

    @TempDir
    Path directory;

    private NativeProcessLauncher launcher;
    private LauncherFixture fixture;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    @BeforeEach
    void start() throws IOException {
        launcher = newLauncher();
        fixture = new LauncherFixture(directory);
    }

    @AfterEach
    void stop() {
        launcher.close();
        threads.close();
    }

    private static NativeProcessLauncher newLauncher() throws IOException {
        return NativeProcessLauncher.start(
                LauncherConfig.defaults(), Clock.systemUTC(), Thread.ofVirtual().factory());
    }

    @Test
    void whatWasNeverStartedIsSaidToBe() throws Exception {
        assertThat(launcher.attach(directory.resolve("nothing"), LONG)).isEqualTo(new Attachment.NeverStarted());
    }

    @Test
    void whatHasEndedIsReadFromItsFile() throws Exception {
        ProcessSpec spec = fixture.shell("echo out; exit 5").build();
        ProcessResult result = fixture.run(launcher, spec).result();

        assertThat(launcher.attach(spec.attemptFile(), Duration.ZERO)).isEqualTo(new Attachment.Ended(result));
        assertThat(Files.exists(Path.of(spec.attemptFile() + ".script"))).isFalse();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(spec.attemptFile())))
                .isEqualTo("rw-------");
    }

    @Test
    void f17_processOutlivesTheLauncherObjectAndIsAttachedTo() throws Exception {
        ProcessSpec spec = fixture.shell("echo one; while ! [ -e go ]; do sleep 0.05; done; echo two; exit 6")
                .metadata("mine".getBytes(StandardCharsets.UTF_8))
                .build();
        RunningProcess before = launcher.launch(spec);
        awaitOutput(before, "one");
        launcher.close();
        assertThatThrownBy(before::awaitExit).isInstanceOf(IllegalStateException.class);

        launcher = newLauncher();
        try (RunningProcess after = attached(spec)) {
            assertThat(after.pid()).isEqualTo(before.pid());
            assertThat(after.startedAt()).isEqualTo(before.startedAt());
            assertThat(AttemptFiles.metadata(spec.attemptFile())).asString().isEqualTo("mine");
            Files.createFile(directory.resolve("go"));

            Outcome outcome = fixture.finish(after);
            assertThat(outcome.status()).isEqualTo(new Exited(6));
            assertThat(outcome.out()).isEqualTo("one\ntwo\n");
        }
    }

    @Test
    void f17_attachedProcessIsStopped() throws Exception {
        ProcessSpec spec = fixture.shell(TREE).build();
        awaitOutput(launcher.launch(spec), "ready");
        launcher.close();

        launcher = newLauncher();
        try (RunningProcess process = attached(spec)) {
            process.stop(StopPolicy.requested(Duration.ofSeconds(5)));

            assertThat(end(process).stopCause()).isEqualTo(StopCause.REQUESTED);
            assertTreeGone(process.pid());
        }
    }

    @Test
    void f17_deadlineFiresWhileNobodyIsAttached() throws Exception {
        ProcessSpec spec =
                fixture.command("sleep", "300").timeout(Duration.ofMillis(700)).build();
        long pid = launcher.launch(spec).pid();
        launcher.close();
        await("the deadline", () -> !isAlive(pid));

        launcher = newLauncher();
        Attachment attachment = launcher.attach(spec.attemptFile(), LONG);

        ProcessResult result = attachment instanceof Attachment.Running(RunningProcess process)
                ? end(process)
                : ((Attachment.Ended) attachment).result();
        assertThat(result.stopCause()).isEqualTo(StopCause.DEADLINE);
        assertThat(result.status()).isEqualTo(new Signaled(Signals.SIGTERM, false));
    }

    @Test
    void f17_killedJvmIsSurvived() throws Exception {
        Process jvm = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        LaunchingMain.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Path file = directory.resolve("attempt-1");
        try (var lines = jvm.inputReader()) {
            assertThat(lines.readLine()).isEqualTo("launched");
        } finally {
            jvm.destroyForcibly().waitFor();
        }
        long supervisor = supervisorOf(file);
        long old = parentOf(supervisor);

        RunningProcess process = ((Attachment.Running) launcher.attach(file, LONG)).process();
        Files.createFile(directory.resolve("go"));

        assertThat(fixture.finish(process).out()).isEqualTo("one\ntwo\n");
        await("the end of the launcher whose JVM is gone", () -> !isAlive(old) && !isAlive(supervisor));
    }

    @Test
    void f18_treeOfKilledSupervisorIsGone() throws Exception {
        try (RunningProcess process = launcher.launch(fixture.shell(TREE).build())) {
            awaitOutput(process, "ready");
            kill(supervisorOf(directory.resolve("attempt-1")));
            ProcessResult result = end(process);

            assertTreeGone(process.pid());
            assertThat(result.status()).isEqualTo(new Unknown(Unknown.Why.SUPERVISOR_LOST));
            assertThat(result.stopCause()).isEqualTo(StopCause.SUPERVISOR_LOST);
            assertThat(result.startedAt()).isEqualTo(process.startedAt().orElseThrow());
            assertThat(result.output().stdoutBytes()).isEqualTo(6);
        }
        assertThat(fixture.run(launcher, fixture.command("true").build()).status())
                .isEqualTo(new Exited(0));
    }

    @Test
    void killedLauncherIsReplacedAndItsProcessesFinish() throws Exception {
        try (RunningProcess process = launcher.launch(
                fixture.shell("while ! [ -e go ]; do sleep 0.05; done; exit 3").build())) {
            long old = parentOf(supervisorOf(directory.resolve("attempt-1")));
            kill(old);
            Outcome other = fixture.run(launcher, fixture.shell("echo new").build());
            Files.createFile(directory.resolve("go"));

            assertThat(other.out()).isEqualTo("new\n");
            assertThat(end(process).status()).isEqualTo(new Exited(3));
        }
    }

    @Test
    void f18_f19_treeIsSweptWhereLauncherAndSupervisorWereKilled() throws Exception {
        try (RunningProcess process = launcher.launch(fixture.shell(TREE).build())) {
            awaitOutput(process, "ready");
            long supervisor = supervisorOf(directory.resolve("attempt-1"));
            kill(parentOf(supervisor));
            kill(supervisor);
            ProcessResult result = end(process);

            assertTreeGone(process.pid());
            assertThat(result.status()).isEqualTo(new Unknown(Unknown.Why.SUPERVISOR_LOST));
        }
    }

    @Test
    void f19_nextAgentSweepsWhatLauncherAndSupervisorLeft() throws Exception {
        ProcessSpec spec = fixture.shell(TREE).build();
        RunningProcess process = launcher.launch(spec);
        awaitOutput(process, "ready");
        long supervisor = supervisorOf(spec.attemptFile());
        long old = parentOf(supervisor);
        launcher.close();
        kill(old);
        kill(supervisor);

        launcher = newLauncher();
        Attachment attachment = launcher.attach(spec.attemptFile(), Duration.ZERO);

        assertThat(((Attachment.Ended) attachment).result().status())
                .isEqualTo(new Unknown(Unknown.Why.SUPERVISOR_LOST));
        assertTreeGone(process.pid());
    }

    @Test
    void f19_nothingIsKilledAfterAReboot() throws Exception {
        ProcessSpec spec = fixture.shell(TREE).build();
        try (RunningProcess process = launcher.launch(spec)) {
            awaitOutput(process, "ready");
            // A copy has no supervisor of its own; with this boot's id its processes would be swept.
            Path copy = Files.copy(spec.attemptFile(), directory.resolve("copy"));
            overwrite(copy, 64, "00000000-0000-0000-0000-000000000000".getBytes(StandardCharsets.US_ASCII));

            Attachment attachment = launcher.attach(copy, LONG);

            assertThat(((Attachment.Ended) attachment).result().status())
                    .isEqualTo(new Unknown(Unknown.Why.SUPERVISOR_LOST));
            assertThat(isAlive(process.pid())).isTrue();
            process.stop(StopPolicy.requested(Duration.ofSeconds(5)));
            assertThat(end(process).status()).isEqualTo(new Signaled(Signals.SIGTERM, false));
        }
    }

    @Test
    void f32_damagedRecordIsNeverSuccess() throws Exception {
        ProcessSpec spec = fixture.command("true").build();
        fixture.run(launcher, spec);
        byte[] whole = Files.readAllBytes(spec.attemptFile());
        Path copy = directory.resolve("copy");
        Files.write(copy, whole);

        for (int at = Protocol.RECORD_AT;
                at < Protocol.RECORD_AT + Protocol.RECORD_HEADER + Protocol.RECORD_FIXED;
                at++) {
            overwrite(copy, at, new byte[] {(byte) (whole[at] ^ 0x40)});
            assertThat(statusOf(copy)).as("byte " + at).isEqualTo(new Unknown(Unknown.Why.RECORD_DAMAGED));
            overwrite(copy, at, new byte[] {whole[at]});
        }
        for (int at = 0; at < 12; at++) {
            overwrite(copy, at, new byte[] {(byte) (whole[at] ^ 0x40)});
            assertThat(statusOf(copy)).as("byte " + at).isEqualTo(new Unknown(Unknown.Why.RECORD_DAMAGED));
            overwrite(copy, at, new byte[] {whole[at]});
        }
        assertThat(statusOf(copy)).isEqualTo(new Exited(0));
    }

    @Test
    void f32_cutFileIsNeverSuccess() throws Exception {
        ProcessSpec spec = fixture.command("true").build();
        fixture.run(launcher, spec);
        Path file = spec.attemptFile();

        for (int size = Protocol.RECORD_AT + Protocol.RECORD_HEADER + Protocol.RECORD_FIXED - 1; size > 0; size -= 61) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(size);
            }
            assertThat(statusOf(file)).as("size " + size).isEqualTo(new Unknown(Unknown.Why.RECORD_DAMAGED));
        }
    }

    @Test
    void fileThatNobodyGotToWriteIsLost() throws Exception {
        assertThat(statusOf(Files.createFile(directory.resolve("blank"))))
                .isEqualTo(new Unknown(Unknown.Why.SUPERVISOR_LOST));
    }

    @Test
    void lookingAtAFileWhileItIsMadeDisturbsNothing() throws Exception {
        AtomicReference<Path> looked = new AtomicReference<>(directory.resolve("none"));
        AtomicBoolean done = new AtomicBoolean();
        Future<?> looking = threads.submit(() -> {
            while (!done.get()) {
                Attachment attachment = launcher.attach(looked.get(), Duration.ZERO);
                if (attachment instanceof Attachment.Ended(ProcessResult result)) {
                    assertThat(result.status()).isEqualTo(new Exited(0));
                }
                if (attachment instanceof Attachment.Running(RunningProcess process)) {
                    process.close();
                }
            }
            return null;
        });
        try {
            for (int turn = 0; turn < 300; turn++) {
                ProcessSpec spec = fixture.command("true").build();
                looked.set(spec.attemptFile());
                assertThat(fixture.run(launcher, spec).status()).isEqualTo(new Exited(0));
            }
        } finally {
            done.set(true);
        }
        looking.get();
    }

    @Test
    void supervisorThatHasAConnectionIsWatchedUntilItIsFree() throws Exception {
        ProcessSpec spec =
                fixture.shell("while ! [ -e go ]; do sleep 0.05; done; exit 3").build();
        RunningProcess first = launcher.launch(spec);
        RunningProcess second = attached(spec, Duration.ofMillis(200));

        assertThat(second.pid()).isEqualTo(first.pid());
        assertThatThrownBy(() -> second.stop(StopPolicy.requested(Duration.ZERO)))
                .isInstanceOf(IOException.class);
        first.close();
        await("the connection", () -> {
            try {
                second.stop(StopPolicy.requested(Duration.ZERO));
                return true;
            } catch (IOException e) {
                return false;
            }
        });

        assertThat(end(second).stopCause()).isEqualTo(StopCause.REQUESTED);
    }

    @Test
    void endOfAWatchedProcessIsSeenWithoutAConnection() throws Exception {
        ProcessSpec spec =
                fixture.shell("while ! [ -e go ]; do sleep 0.05; done; exit 3").build();
        RunningProcess first = launcher.launch(spec);
        RunningProcess second = attached(spec, Duration.ofMillis(1));
        Files.createFile(directory.resolve("go"));

        assertThat(end(second)).isEqualTo(end(first));
    }

    private RunningProcess attached(ProcessSpec spec) throws Exception {
        return attached(spec, LONG);
    }

    private RunningProcess attached(ProcessSpec spec, Duration patience) throws Exception {
        return ((Attachment.Running) launcher.attach(spec.attemptFile(), patience)).process();
    }

    private Object statusOf(Path file) throws Exception {
        // The end is reported an instant before the lock is let go.
        return ((Attachment.Ended) launcher.attach(file, LONG)).result().status();
    }

    private void assertTreeGone(long pid) throws Exception {
        assertGone(pid, awaitPid(directory.resolve("child")), awaitPid(directory.resolve("daemon")));
    }

    static long supervisorOf(Path attemptFile) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try (AttemptFile file = new AttemptFile(attemptFile)) {
            file.read(bytes, 104);
        }
        return bytes.getLong(0);
    }

    static long parentOf(long pid) {
        return ProcessHandle.of(pid).orElseThrow().parent().orElseThrow().pid();
    }

    private static void kill(long pid) throws Exception {
        ProcessHandle.of(pid).orElseThrow().destroyForcibly();
        await("the death of " + pid, () -> !isAlive(pid));
    }

    private static void overwrite(Path file, int position, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes), position);
        }
    }

    /** Launches a process, and is killed. */
    static final class LaunchingMain {
        private LaunchingMain() {}

        public static void main(String[] arguments) throws Exception {
            NativeProcessLauncher launcher = newLauncher();
            LauncherFixture fixture = new LauncherFixture(Path.of(arguments[0]));
            RunningProcess process =
                    launcher.launch(fixture.shell("echo one; while ! [ -e go ]; do sleep 0.05; done; echo two")
                            .build());
            awaitOutput(process, "one");
            System.out.println("launched");
            process.awaitExit();
        }
    }
}
