package dev.hufu.exec.internal;

import static dev.hufu.exec.LauncherFixture.await;
import static dev.hufu.exec.LauncherFixture.end;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hufu.exec.LauncherConfig;
import dev.hufu.exec.LauncherFixture;
import dev.hufu.exec.RunningProcess;
import dev.hufu.exec.StopCause;
import dev.hufu.exec.StopPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that not even SIGKILL ends for now: one in a frozen control group of version 1. */
@SuppressWarnings("NullAway.Init") // JUnit fills the field before each test.
final class NativeKillPendingTest {
    private static final Path FREEZER = Path.of("/sys/fs/cgroup/freezer");

    @TempDir
    Path directory;

    @Test
    void f23_processHeldByTheKernelIsKillPendingUntilItIsGone() throws Exception {
        assumeTrue(Files.isWritable(FREEZER.resolve("cgroup.procs")), "freezer groups can be made");
        Path group = Files.createTempDirectory(FREEZER, "hufu-test-");
        LauncherFixture fixture = new LauncherFixture(directory);
        try (NativeProcessLauncher launcher = NativeProcessLauncher.start(
                        LauncherConfig.defaults(),
                        Clock.systemUTC(),
                        Thread.ofVirtual().factory());
                RunningProcess process =
                        launcher.launch(fixture.command("sleep", "300").build())) {
            Files.writeString(group.resolve("cgroup.procs"), Long.toString(process.pid()));
            try {
                setState(group, "FROZEN");
                process.stop(StopPolicy.requested(Duration.ZERO));
                await("kill-pending", process::killPending);
                assertThat(process.awaitExit(Duration.ofMillis(100))).isEmpty();
                assertThat(LauncherFixture.isAlive(process.pid())).isTrue();
            } finally {
                setState(group, "THAWED");
            }

            assertThat(end(process).stopCause()).isEqualTo(StopCause.REQUESTED);
            assertThat(process.killPending()).isFalse();
        } finally {
            Files.delete(group);
        }
    }

    private static void setState(Path group, String state) throws Exception {
        Path file = group.resolve("freezer.state");
        Files.writeString(file, state);
        await(state, () -> Files.readString(file).trim().equals(state));
    }
}
