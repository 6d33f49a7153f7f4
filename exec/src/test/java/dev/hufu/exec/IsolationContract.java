package dev.hufu.exec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.exec.ExitStatus.Exited;
import dev.hufu.exec.ExitStatus.LaunchFailed;
import dev.hufu.exec.Isolation.Mechanism;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** What every launcher does with users and limits: it keeps to what it says it can, and refuses what it cannot. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before each test.
public abstract class IsolationContract {
    @TempDir
    Path directory;

    protected ProcessLauncher launcher;
    protected LauncherFixture fixture;

    protected abstract ProcessLauncher newLauncher() throws IOException;

    @BeforeEach
    void start() throws IOException {
        launcher = newLauncher();
        fixture = new LauncherFixture(directory);
    }

    @AfterEach
    void stop() {
        launcher.close();
    }

    private record Limit(String name, Function<Isolation, Mechanism> mechanism, ResourceLimits generous) {}

    @TestFactory
    Stream<DynamicTest> aLimitIsKeptOrRefusedAndNeverIgnored() {
        return Stream.of(
                        new Limit("memory", Isolation::memory, ResourceLimits.NONE.withMemoryBytes(1L << 30)),
                        new Limit("cpu", Isolation::cpu, ResourceLimits.NONE.withCpus(2)),
                        new Limit("openFiles", Isolation::openFiles, ResourceLimits.NONE.withOpenFiles(100)))
                .map(limit -> DynamicTest.dynamicTest(limit.name, () -> {
                    ExitStatus status = statusOf(fixture.command("true").limits(limit.generous));
                    switch (limit.mechanism.apply(launcher.isolation())) {
                        case CGROUP, RLIMIT -> assertThat(status).isEqualTo(new Exited(0));
                        case UNAVAILABLE ->
                            assertThat(status).isEqualTo(new LaunchFailed(Errno.EOPNOTSUPP, LaunchStage.LIMITS));
                    }
                }));
    }

    @Test
    void anotherUserIsTakenOrRefused() throws Exception {
        ExitStatus status = statusOf(fixture.command("true").user("65534:65534"));

        if (launcher.isolation().canChangeUser()) {
            assertThat(status).isEqualTo(new Exited(0));
        } else {
            assertThat(status).isEqualTo(new LaunchFailed(Errno.EPERM, LaunchStage.USER));
        }
    }

    protected final ExitStatus statusOf(ProcessSpec.Builder spec) throws IOException, InterruptedException {
        return fixture.run(launcher, spec.workingDirectory(Path.of("/")).build())
                .status();
    }
}
