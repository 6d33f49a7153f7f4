package dev.hufu.exec;

import static dev.hufu.exec.LauncherFixture.LONG;
import static dev.hufu.exec.LauncherFixture.assertGone;
import static dev.hufu.exec.LauncherFixture.await;
import static dev.hufu.exec.LauncherFixture.awaitOutput;
import static dev.hufu.exec.LauncherFixture.end;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hufu.exec.ExitStatus.Exited;
import dev.hufu.exec.ExitStatus.Signaled;
import dev.hufu.exec.LauncherFixture.Outcome;
import dev.hufu.exec.OutputReader.Extent;
import dev.hufu.exec.ProcessLauncher.Attachment;
import dev.hufu.exec.ProcessLauncher.Capability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What launchers do that keep to every {@link OutputPolicy}. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before each test.
public abstract class OutputPolicyContract {
    private static final int MIB = 1 << 20;

    @TempDir
    Path directory;

    protected ProcessLauncher launcher;
    protected LauncherFixture fixture;

    protected abstract ProcessLauncher newLauncher() throws IOException;

    @BeforeEach
    void start() throws IOException {
        launcher = newLauncher();
        fixture = new LauncherFixture(directory);
        assumeTrue(launcher.capabilities().contains(Capability.OUTPUT_POLICIES));
    }

    @AfterEach
    void stop() {
        launcher.close();
    }

    @Test
    void b30_tooMuchOutputIsAKill() throws Exception {
        ProcessSpec spec = fixture.shell("echo $$ > pid; exec yes")
                .outputPolicy(OutputPolicy.KILL)
                .outputLimit(100_000)
                .build();

        Outcome outcome = fixture.run(launcher, spec);

        assertThat(outcome.status()).isEqualTo(new Signaled(Signals.SIGTERM, false));
        assertThat(outcome.result().stopCause()).isEqualTo(StopCause.OUTPUT);
        KillReport report = Objects.requireNonNull(outcome.result().killReport());
        assertThat(report.cause()).isEqualTo(StopCause.OUTPUT);
        assertThat(report.steps().getLast().survivors()).isZero();
        assertThat(outcome.result().output().stdoutBytes()).isGreaterThan(100_000);
        assertThat(outcome.stdout()).startsWith("y\ny\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(outcome.stdout()).hasSizeGreaterThanOrEqualTo(100_000);
        assertGone(LauncherFixture.awaitPid(directory.resolve("pid")));
    }

    @Test
    void outputUpToTheLimitIsNoKill() throws Exception {
        for (int bytes : new int[] {1_000, 1_001}) {
            ProcessSpec spec = fixture.command("head", "-c", Integer.toString(bytes), "/dev/zero")
                    .outputPolicy(OutputPolicy.KILL)
                    .outputLimit(1_000)
                    .build();

            ProcessResult result = fixture.run(launcher, spec).result();

            assertThat(result.stopCause()).isEqualTo(bytes > 1_000 ? StopCause.OUTPUT : StopCause.NONE);
            assertThat(result.output()).isEqualTo(new OutputSummary(bytes, 0, false, false));
        }
    }

    /** Every step to the byte shows that nothing more was read before. */
    @Test
    void processWaitsForItsReader() throws Exception {
        ProcessSpec spec = blocked("head -c 3000000 /dev/zero; exit 3").build();

        try (RunningProcess process = launcher.launch(spec);
                OutputReader output = process.output()) {
            awaitWritten(output, MIB);
            process.consumed(1, 0);
            awaitWritten(output, MIB + 1);
            process.consumed(0, 5);
            process.consumed(1_000, 0);
            awaitWritten(output, MIB + 1_000);
            assertThat(output.extent(StreamName.STDOUT)).isEqualTo(new Extent(MIB + 1_000, MIB + 1_000, MIB + 1_000));
            process.consumed(3_000_000, 0);

            assertThat(end(process).status()).isEqualTo(new Exited(3));
            assertThat(end(process).output()).isEqualTo(new OutputSummary(3_000_000, 0, false, false));
            process.consumed(4_000_000, 0);
            assertThatThrownBy(() -> process.consumed(0, -1)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void f26_readerThatConsumesLosesNoByteAndTheFileStaysSmall() throws Exception {
        ProcessSpec spec = blocked("seq 1 20000000").build();
        MessageDigest got = MessageDigest.getInstance("SHA-256");
        ByteBuffer buffer = ByteBuffer.allocate(256 << 10);
        long position = 0;

        try (RunningProcess process = launcher.launch(spec);
                OutputReader output = process.output()) {
            while (position < 168_888_897) {
                int count = output.read(StreamName.STDOUT, position, buffer.clear());
                if (count == 0) {
                    assertThat(position)
                            .isEqualTo(output.extent(StreamName.STDOUT).nextKept(position));
                    Thread.onSpinWait();
                }
                got.update(buffer.flip());
                position += count;
                process.consumed(position, 0);
            }
            assertThat(end(process).status()).isEqualTo(new Exited(0));
            assertThat(end(process).output().stdoutBytes()).isEqualTo(position);
        }

        assertThat(got.digest()).isEqualTo(numbers(20_000_000));
        assertThat(allocated(spec.attemptFile())).isLessThan(13L * MIB);
    }

    @Test
    void gapIsToldToTheReaderWhoComesTooLate() throws Exception {
        ProcessSpec spec = blocked("head -c 30000000 /dev/zero; echo end").build();

        try (RunningProcess process = launcher.launch(spec)) {
            process.consumed(Long.MAX_VALUE, 0);
            ProcessResult result = end(process);
            assertThat(result.output()).isEqualTo(new OutputSummary(30_000_004, 0, true, false));
        }

        // As after a restart: from the file alone.
        try (OutputReader output = launcher.output(spec.attemptFile())) {
            Extent extent = output.extent(StreamName.STDOUT);
            assertThat(extent).isEqualTo(new Extent(30_000_004, 0, 30_000_004 - (9L * MIB - 65_536)));
            ByteBuffer last = ByteBuffer.allocate(10 * MIB);
            assertThat(output.read(StreamName.STDOUT, 0, last)).isZero();
            assertThat(output.read(StreamName.STDOUT, extent.tailFrom() - 1, last))
                    .isZero();
            assertThat(output.read(StreamName.STDOUT, extent.tailFrom(), last)).isEqualTo(9 * MIB - 65_536);
            assertThat(new String(last.array(), last.position() - 4, 4, StandardCharsets.US_ASCII))
                    .isEqualTo("end\n");
        }
    }

    @Test
    void stopOfABlockedProcessIsAStop() throws Exception {
        ProcessSpec spec = blocked("trap 'echo bye; exit 4' TERM; head -c 9000000 /dev/zero")
                .build();

        try (RunningProcess process = launcher.launch(spec);
                OutputReader output = process.output()) {
            awaitWritten(output, MIB);
            process.stop(StopPolicy.requested(Duration.ofSeconds(30)));

            ProcessResult result = end(process);
            assertThat(result.status()).isEqualTo(new Exited(4));
            assertThat(result.stopCause()).isEqualTo(StopCause.REQUESTED);
            ByteBuffer last = ByteBuffer.allocate(4);
            output.read(StreamName.STDOUT, result.output().stdoutBytes() - 4, last);
            assertThat(last.array()).isEqualTo("bye\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(result.output().truncated()).isFalse();
        }
    }

    @Test
    void deadlineOfABlockedProcessHolds() throws Exception {
        ProcessSpec spec = blocked("trap '' TERM; exec cat /dev/zero")
                .timeout(Duration.ofMillis(200))
                .killGrace(Duration.ofMillis(100))
                .build();

        ProcessResult result = fixture.run(launcher, spec).result();

        assertThat(result.status()).isEqualTo(new Signaled(Signals.SIGKILL, false));
        assertThat(result.stopCause()).isEqualTo(StopCause.DEADLINE);
        assertThat(result.output().truncated()).isFalse();
    }

    @Test
    void f17_blockedProcessWaitsForTheNextReader() throws Exception {
        assumeTrue(launcher.capabilities().contains(Capability.REATTACH));
        ProcessSpec spec =
                blocked("echo first; head -c 3000000 /dev/zero; exit 6").build();
        RunningProcess before = launcher.launch(spec);
        awaitOutput(before, "first");
        before.consumed(10, 0);
        launcher.close();
        before.consumed(3_000_006, 0);
        launcher = newLauncher();

        Attachment attachment = launcher.attach(spec.attemptFile(), LONG);
        try (RunningProcess after = ((Attachment.Running) attachment).process();
                OutputReader output = after.output()) {
            awaitWritten(output, MIB + 10);
            after.consumed(11, 0);
            awaitWritten(output, MIB + 11);
            after.consumed(3_000_006, 0);

            Outcome outcome = fixture.finish(after);
            assertThat(outcome.status()).isEqualTo(new Exited(6));
            assertThat(outcome.stdout()).hasSize(3_000_006);
        }
    }

    private ProcessSpec.Builder blocked(String script) {
        return fixture.shell(script).outputPolicy(OutputPolicy.BLOCK).outputLimit(MIB);
    }

    private static void awaitWritten(OutputReader output, long bytes) throws Exception {
        await(bytes + " bytes", () -> output.extent(StreamName.STDOUT).written() == bytes);
    }

    private static byte[] numbers(int last) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        StringBuilder lines = new StringBuilder();
        for (int number = 1; number <= last; number++) {
            lines.append(number).append('\n');
            if (lines.length() > 60_000 || number == last) {
                digest.update(lines.toString().getBytes(StandardCharsets.US_ASCII));
                lines.setLength(0);
            }
        }
        return digest.digest();
    }

    private static long allocated(Path file) throws Exception {
        Process stat = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
        return 512 * Long.parseLong(new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).trim());
    }
}
