package dev.hufu.exec;

import static dev.hufu.exec.LauncherFixture.LONG;
import static dev.hufu.exec.LauncherFixture.await;
import static dev.hufu.exec.LauncherFixture.awaitOutput;
import static dev.hufu.exec.LauncherFixture.awaitPid;
import static dev.hufu.exec.LauncherFixture.end;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a launcher tells of the processes of an attempt. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before each test.
public abstract class ProcessListContract {
    private static final int PLENTY = 100;

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

    private static Optional<ProcessInfo> find(ProcessTree tree, long pid) {
        return tree.processes().stream().filter(each -> each.pid() == pid).findFirst();
    }

    private static void kill(RunningProcess process) throws Exception {
        process.stop(StopPolicy.requested(Duration.ZERO));
        end(process);
    }

    @Test
    void everyProcessIsToldWithItsParentAndWhatItDoes() throws Exception {
        ProcessSpec spec = fixture.shell("sleep 301 & echo $! > child; sleep 302 '' \"a b\" 2>/dev/null & wait; wait")
                .build();
        try (RunningProcess process = launcher.launch(spec)) {
            long child = awaitPid(directory.resolve("child"));
            await(
                    "sleep",
                    () -> find(process.processes(PLENTY), child)
                            .filter(each -> each.argv().equals(List.of("sleep", "301"))
                                    && each.state() == ProcessInfo.State.SLEEPING)
                            .isPresent());
            ProcessTree tree = process.processes(PLENTY);

            ProcessInfo main = tree.processes().getFirst();
            assertThat(main.pid()).isEqualTo(process.pid());
            assertThat(main.argv().getFirst()).isEqualTo("/bin/sh");
            assertThat(main.argvTruncated()).isFalse();
            assertThat(main.threads()).isEqualTo(1);
            assertThat(main.residentBytes()).isNotNull().isPositive();
            ProcessInfo sleeping = find(tree, child).orElseThrow();
            assertThat(sleeping.parent()).isEqualTo(process.pid());
            assertThat(sleeping.name()).isEqualTo("sleep");
            assertThat(sleeping.state()).isEqualTo(ProcessInfo.State.SLEEPING);
            assertThat(sleeping.user()).isLessThan(LONG);
            assertThat(tree.truncated()).isFalse();
            assertThat(tree.takenAt()).isBetween(Instant.now().minus(LONG), Instant.now());
            kill(process);
            assertThat(process.processes(PLENTY).processes()).isEmpty();
        }
    }

    @Test
    void whatLeftItsSessionAndItsParentIsOfTheTreeStill() throws Exception {
        ProcessSpec spec = fixture.shell("""
                        (setsid sh -c 'echo $$ > daemon; exec sleep 303' &)
                        exec sleep 304
                        """).build();
        try (RunningProcess process = launcher.launch(spec)) {
            long daemon = awaitPid(directory.resolve("daemon"));
            await(
                    "an orphan",
                    () -> find(process.processes(PLENTY), daemon)
                            .filter(each -> each.parent() != process.pid())
                            .isPresent());
            ProcessTree tree = process.processes(PLENTY);
            assertThat(tree.processes()).extracting(ProcessInfo::pid).contains(process.pid(), daemon);
            kill(process);
        }
    }

    @Test
    void nobodyElsesProcessIsTold() throws Exception {
        try (RunningProcess one =
                        launcher.launch(fixture.command("sleep", "305").build());
                RunningProcess other =
                        launcher.launch(fixture.command("sleep", "306").build())) {
            assertThat(one.processes(PLENTY).processes())
                    .extracting(ProcessInfo::pid)
                    .containsExactly(one.pid());
            assertThat(other.processes(PLENTY).processes())
                    .extracting(ProcessInfo::pid)
                    .containsExactly(other.pid());
            kill(one);
            kill(other);
        }
    }

    @Test
    void ofManyProcessesTheFirstAreTold() throws Exception {
        ProcessSpec spec = fixture.shell("for i in 1 2 3 4 5 6 7 8; do sleep 307 & done; echo ready; wait")
                .build();
        try (RunningProcess process = launcher.launch(spec)) {
            awaitOutput(process, "ready");
            ProcessTree some = process.processes(5);
            assertThat(some.processes()).hasSize(5);
            assertThat(some.processes().getFirst().pid()).isEqualTo(process.pid());
            assertThat(some.truncated()).isTrue();
            ProcessTree all = process.processes(9);
            assertThat(all.processes()).hasSize(9);
            assertThat(all.truncated()).isFalse();
            kill(process);
        }
    }

    @Test
    void longArgumentsAreCut() throws Exception {
        ProcessSpec spec = fixture.command("sh", "-c", "sleep 308; exit", "x".repeat(100_000))
                .build();
        try (RunningProcess process = launcher.launch(spec)) {
            // The kernel lets go of whoever waits for an exec a moment before the new arguments are in their place.
            await(
                    "arguments",
                    () -> !process.processes(PLENTY)
                            .processes()
                            .getFirst()
                            .argv()
                            .isEmpty());
            ProcessInfo main = process.processes(PLENTY).processes().getFirst();
            assertThat(main.argvTruncated()).isTrue();
            assertThat(String.join(" ", main.argv()).length()).isBetween(100, 10_000);
            kill(process);
        }
    }

    @Test
    void aStoppedProcessIsSeenAsStopped() throws Exception {
        try (RunningProcess process =
                launcher.launch(fixture.command("sleep", "309").build())) {
            process.signal(19, false);
            await(
                    "a stopped process",
                    () -> process.processes(PLENTY).processes().stream()
                            .anyMatch(each -> each.state() == ProcessInfo.State.STOPPED));
            kill(process);
        }
    }
}
