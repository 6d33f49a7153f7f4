package dev.hufu.exec.internal;

import static dev.hufu.exec.LauncherFixture.await;
import static dev.hufu.exec.LauncherFixture.end;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hufu.exec.ExitStatus.Exited;
import dev.hufu.exec.LauncherConfig;
import dev.hufu.exec.LauncherFixture;
import dev.hufu.exec.LauncherFixture.Outcome;
import dev.hufu.exec.OutputReader;
import dev.hufu.exec.ProcessLauncher.Attachment;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.RunningProcess;
import dev.hufu.exec.StopPolicy;
import dev.hufu.exec.StreamName;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init") // JUnit fills the fields before each test.
final class NativeLoadTest {
    private static final int LINE = 8;
    private static final int FIRST_LINE = 1_000_000;

    @TempDir
    Path directory;

    private NativeProcessLauncher launcher;
    private LauncherFixture fixture;

    @BeforeEach
    void start() throws IOException {
        launcher = NativeProcessLauncher.start(
                LauncherConfig.defaults(), Clock.systemUTC(), Thread.ofVirtual().factory());
        fixture = new LauncherFixture(directory);
    }

    @AfterEach
    void stop() {
        launcher.close();
    }

    @Test
    void twoHundredAtOnceAllEndRightly() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Outcome>> outcomes = new ArrayList<>();
            for (int number = 0; number < 200; number++) {
                ProcessSpec spec = fixture.shell("sleep 0.2; echo \"$1\"; exit $(($1 % 100))", Integer.toString(number))
                        .build();
                outcomes.add(threads.submit(() -> fixture.run(launcher, spec)));
            }
            for (int number = 0; number < 200; number++) {
                Outcome outcome = outcomes.get(number).get();
                assertThat(outcome.out()).isEqualTo(number + "\n");
                assertThat(outcome.status()).isEqualTo(new Exited(number % 100));
            }
        }
    }

    @Test
    void runningProcessesTakeNoPlatformThreads() throws Exception {
        fixture.run(launcher, fixture.command("true").build());
        int before = ManagementFactory.getThreadMXBean().getThreadCount();
        List<RunningProcess> processes = new ArrayList<>();
        for (int number = 0; number < 100; number++) {
            processes.add(launcher.launch(fixture.command("sleep", "300").build()));
        }
        int while100Run = ManagementFactory.getThreadMXBean().getThreadCount();
        for (RunningProcess process : processes) {
            process.stop(StopPolicy.requested(Duration.ofSeconds(30)));
        }
        for (RunningProcess process : processes) {
            end(process);
        }

        assertThat(while100Run).isLessThan(before + 20);
    }

    @Test
    void manyShortCommandsLeaveNothingBehind() throws Exception {
        runMany(50);
        long launcherPid = launcherPid();
        int threads = ManagementFactory.getThreadMXBean().getThreadCount();
        long descriptors = descriptorsOf("self");
        long launcherDescriptors = descriptorsOf(Long.toString(launcherPid));

        runMany(500);

        await(
                "descriptors and threads to be as before",
                () -> descriptorsOf("self") <= descriptors
                        && ManagementFactory.getThreadMXBean().getThreadCount() <= threads + 2);
        int idle = LauncherConfig.DEFAULT_MAX_IDLE_SUPERVISORS;
        await(
                "supervisors to be few",
                () -> ProcessHandle.of(launcherPid).orElseThrow().children().count() <= idle
                        && descriptorsOf(Long.toString(launcherPid)) <= launcherDescriptors + idle);
    }

    private void runMany(int count) throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Outcome>> outcomes = new ArrayList<>();
            for (int lane = 0; lane < 5; lane++) {
                outcomes.add(threads.submit(() -> {
                    Outcome last = fixture.run(launcher, fixture.command("true").build());
                    for (int turn = 1; turn < count / 5; turn++) {
                        assertThat(last.status()).isEqualTo(new Exited(0));
                        last = fixture.run(
                                launcher, fixture.command("echo", "x").build());
                    }
                    return last;
                }));
            }
            for (Future<Outcome> outcome : outcomes) {
                assertThat(outcome.get().out()).isEqualTo("x\n");
            }
        }
    }

    private long launcherPid() throws Exception {
        ProcessSpec spec = fixture.command("sleep", "300").build();
        try (RunningProcess process = launcher.launch(spec)) {
            long parent = NativeRecoveryTest.parentOf(NativeRecoveryTest.supervisorOf(spec.attemptFile()));
            process.stop(StopPolicy.requested(Duration.ZERO));
            end(process);
            return parent;
        }
    }

    private static long descriptorsOf(String process) throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc", process, "fd"))) {
            return files.count();
        }
    }

    @Test
    void readersOfFastOutputSeeOnlyWhatWasWritten() throws Exception {
        long lines = 6_000_000;
        ProcessSpec spec = fixture.command("seq", Integer.toString(FIRST_LINE), Long.toString(FIRST_LINE + lines - 1))
                .outputLimit(1_000_000)
                .build();
        try (RunningProcess process = launcher.launch(spec);
                OutputReader output = process.output()) {
            ByteBuffer buffer = ByteBuffer.allocate(50_000);
            long position = 0;
            long read = 0;
            while (position < lines * LINE) {
                buffer.clear();
                int count = output.read(StreamName.STDOUT, position, buffer);
                for (int at = 0; at < count; at++) {
                    if (buffer.get(at) != expected(position + at)) {
                        throw new AssertionError("wrong byte at " + (position + at));
                    }
                }
                read += count;
                position = output.extent(StreamName.STDOUT).nextKept(position + count);
            }
            assertThat(end(process).output().stdoutBytes()).isEqualTo(lines * LINE);
            assertThat(read).isGreaterThanOrEqualTo(1_000_000 + 65_536);
        }
    }

    private static byte expected(long position) {
        int column = (int) (position % LINE);
        return column == LINE - 1
                ? (byte) '\n'
                : (byte) Long.toString(FIRST_LINE + position / LINE).charAt(column);
    }

    @Test
    void interruptOfOneReaderDoesNotHarmAnother() throws Exception {
        ProcessSpec spec = fixture.command("echo", "hello").build();
        fixture.run(launcher, spec);

        try (OutputReader output = launcher.output(spec.attemptFile())) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> output.extent(StreamName.STDOUT)).isInstanceOf(ClosedByInterruptException.class);
            assertThat(Thread.interrupted()).isTrue();

            assertThat(output.extent(StreamName.STDOUT).written()).isEqualTo(6);
        }
    }

    @Test
    void attemptFileMayLieAnywhere() throws Exception {
        assumeTrue("UTF-8".equals(System.getProperty("sun.jnu.encoding")), "names beyond ASCII exist");
        Path deep = directory;
        while (deep.toString().length() < 200) {
            deep = deep.resolve("with spaces, ä, 中 and 🙂");
        }
        LauncherFixture far = new LauncherFixture(Files.createDirectories(deep));

        try (RunningProcess process =
                launcher.launch(far.shell("echo ready; pwd; while ! [ -e go ]; do sleep 0.05; done")
                        .build())) {
            LauncherFixture.awaitOutput(process, "ready");
        }
        try (RunningProcess process =
                ((Attachment.Running) launcher.attach(deep.resolve("attempt-1"), LauncherFixture.LONG)).process()) {
            Files.createFile(deep.resolve("go"));
            assertThat(far.finish(process).out()).isEqualTo("ready\n" + deep + "\n");
        }
    }

    @Test
    void launcherWhoseSocketWasTidiedAwayIsReplaced() throws Exception {
        Path run = Files.createTempDirectory(Path.of("/tmp"), "hufu-test-");
        try (NativeProcessLauncher own = NativeProcessLauncher.start(
                LauncherConfig.defaults().withRunDirectory(run),
                Clock.systemUTC(),
                Thread.ofVirtual().factory())) {
            delete(run);

            assertThat(fixture.run(own, fixture.command("true").build()).status())
                    .isEqualTo(new Exited(0));
        }
        await("the launcher's socket to go", () -> {
            try (Stream<Path> files = Files.list(run)) {
                return files.findAny().isEmpty();
            }
        });
        delete(run);
    }

    private static void delete(Path tree) throws IOException {
        try (Stream<Path> files = Files.list(tree)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(tree);
    }
}
