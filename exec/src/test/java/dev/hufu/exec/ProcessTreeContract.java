package dev.hufu.exec;

import static dev.hufu.exec.LauncherFixture.LONG;
import static dev.hufu.exec.LauncherFixture.assertGone;
import static dev.hufu.exec.LauncherFixture.awaitOutput;
import static dev.hufu.exec.LauncherFixture.awaitPid;
import static dev.hufu.exec.LauncherFixture.death;
import static dev.hufu.exec.LauncherFixture.end;
import static dev.hufu.exec.LauncherFixture.isAlive;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hufu.exec.ExitStatus.Exited;
import dev.hufu.exec.LauncherFixture.Outcome;
import dev.hufu.exec.ProcessLauncher.Capability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of process trees: stopping, deadlines, what is left behind. What only some launchers do names what they have. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before each test.
public abstract class ProcessTreeContract {
    private static final String DAEMON = """
            (setsid sh -c 'echo $$ > daemon; exec sleep 300' &)
            while ! [ -s daemon ]; do sleep 0.02; done
            """;

    @TempDir
    Path directory;

    protected ProcessLauncher launcher;
    protected LauncherFixture fixture;
    private Process canary;

    protected abstract ProcessLauncher newLauncher() throws IOException;

    @BeforeEach
    void start() throws IOException {
        launcher = newLauncher();
        fixture = new LauncherFixture(directory);
        canary = new ProcessBuilder("sleep", "300").start();
    }

    @AfterEach
    void stop() throws InterruptedException {
        if (launcher == null) {
            return; // Skipped: this machine lacks what the launcher was to use.
        }
        launcher.close();
        boolean alive = canary.isAlive();
        canary.destroyForcibly().waitFor();
        assertThat(alive).as("a process outside the tree").isTrue();
    }

    @Test
    void stopEndsTheProcessAndSaysHow() throws Exception {
        try (RunningProcess process =
                launcher.launch(fixture.command("sleep", "300").build())) {
            long pid = process.pid();
            assertThat(isAlive(pid)).isTrue();
            process.stop(StopPolicy.requested(Duration.ofSeconds(30)));
            ProcessResult result = end(process);

            assertGone(pid);
            assertThat(result.status()).isEqualTo(death(launcher, Signals.SIGTERM));
            assertThat(result.stopCause()).isEqualTo(StopCause.REQUESTED);
            KillReport report = reportOf(result);
            assertThat(report.cause()).isEqualTo(StopCause.REQUESTED);
            assertThat(report.duration()).isBetween(Duration.ZERO, LONG);
            assertThat(report.steps().getFirst().signal()).isEqualTo(Signals.SIGTERM);
            assertThat(report.steps().getFirst().signalled()).isPositive();
            assertThat(report.steps().getLast().survivors()).isZero();
            assertThat(report.proof() != KillReport.Proof.WHAT_WAS_FOUND)
                    .isEqualTo(launcher.capabilities().contains(Capability.WHOLE_TREE));
            assertThat(process.killPending()).isFalse();
            assertThat(process.awaitExit()).isSameAs(result);
        }
    }

    @Test
    void stopRightAfterLaunchEndsIt() throws Exception {
        need(Capability.WHOLE_TREE);
        for (int turn = 0; turn < 20; turn++) {
            try (RunningProcess process =
                    launcher.launch(fixture.shell("sleep 300 & sleep 300").build())) {
                process.stop(StopPolicy.requested(Duration.ofMillis(500)));

                assertThat(end(process).stopCause()).isEqualTo(StopCause.REQUESTED);
                assertGone(process.pid());
            }
        }
    }

    @Test
    void stopAfterTheEndDoesNothing() throws Exception {
        try (RunningProcess process = launcher.launch(fixture.command("true").build())) {
            ProcessResult result = end(process);
            process.stop(StopPolicy.requested(Duration.ZERO));
            process.signal(Signals.SIGTERM, true);

            assertThat(process.awaitExit()).isEqualTo(result);
            assertThat(result.stopCause()).isEqualTo(StopCause.NONE);
        }
    }

    @Test
    void b35_f23_ignoredTermIsFollowedByKill() throws Exception {
        try (RunningProcess process =
                launcher.launch(fixture.shell("trap '' TERM; echo ready; while :; do sleep 1; done")
                        .build())) {
            awaitOutput(process, "ready");
            process.stop(StopPolicy.requested(Duration.ofMillis(300)));
            ProcessResult result = end(process);

            assertThat(result.status()).isEqualTo(death(launcher, Signals.SIGKILL));
            KillReport report = reportOf(result);
            assertThat(report.steps().stream().map(KillReport.Step::signal)).contains(Signals.SIGTERM, Signals.SIGKILL);
            assertThat(report.duration()).isGreaterThanOrEqualTo(Duration.ofMillis(290));
        }
    }

    @Test
    void termMayBeHandledWithinTheGrace() throws Exception {
        try (RunningProcess process =
                launcher.launch(fixture.shell("trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.1; done")
                        .build())) {
            awaitOutput(process, "ready");
            process.stop(StopPolicy.requested(LONG));
            Outcome outcome = fixture.finish(process);

            assertThat(outcome.status()).isEqualTo(new Exited(7));
            assertThat(outcome.out()).isEqualTo("ready\nbye\n");
            assertThat(outcome.result().stopCause()).isEqualTo(StopCause.REQUESTED);
        }
    }

    @Test
    void f23_processThatStopsItselfIsEnded() throws Exception {
        try (RunningProcess process =
                launcher.launch(fixture.shell("trap '' TERM; echo ready; kill -STOP $$; while :; do sleep 1; done")
                        .build())) {
            awaitOutput(process, "ready");
            process.stop(StopPolicy.requested(Duration.ofMillis(300)));

            assertThat(end(process).status()).isEqualTo(death(launcher, Signals.SIGKILL));
            assertGone(process.pid());
        }
    }

    @Test
    void secondStopShortensTheGrace() throws Exception {
        try (RunningProcess process =
                launcher.launch(fixture.shell("trap '' TERM; echo ready; while :; do sleep 1; done")
                        .build())) {
            awaitOutput(process, "ready");
            process.stop(StopPolicy.requested(Duration.ofHours(1)));
            assertThat(process.awaitExit(Duration.ofMillis(200))).isEmpty();
            process.stop(new StopPolicy(StopCause.OUTPUT, Duration.ZERO));
            process.stop(StopPolicy.requested(Duration.ofHours(2)));

            assertThat(end(process).stopCause()).isEqualTo(StopCause.REQUESTED);
        }
    }

    @Test
    void deadlineEndsTheTree() throws Exception {
        Outcome outcome = fixture.run(
                launcher,
                fixture.shell("sleep 300 & echo $! > child; wait")
                        .timeout(Duration.ofMillis(500))
                        .killGrace(Duration.ofSeconds(1))
                        .build());

        assertThat(outcome.result().stopCause()).isEqualTo(StopCause.DEADLINE);
        assertThat(outcome.status()).isEqualTo(death(launcher, Signals.SIGTERM));
        assertGone(awaitPid(directory.resolve("child")));
    }

    @Test
    void b36_f24_daemonBySetsidAndDoubleForkIsGone() throws Exception {
        need(Capability.WHOLE_TREE);
        try (RunningProcess process =
                launcher.launch(fixture.shell(DAEMON + "echo ready; sleep 300").build())) {
            awaitOutput(process, "ready");
            long daemon = awaitPid(directory.resolve("daemon"));
            assertThat(isAlive(daemon)).isTrue();
            process.stop(StopPolicy.requested(Duration.ofSeconds(2)));
            end(process);

            assertGone(daemon, process.pid());
        }
    }

    @Test
    void b33_daemonThatHoldsStdoutDoesNotDelayTheResult() throws Exception {
        need(Capability.WHOLE_TREE);
        Outcome outcome = fixture.run(
                launcher,
                fixture.shell(DAEMON + "echo done; exit 3")
                        .drainGrace(Duration.ofMillis(200))
                        .build());

        assertThat(outcome.status()).isEqualTo(new Exited(3));
        assertThat(outcome.out()).isEqualTo("done\n");
        assertThat(outcome.result().stopCause()).isEqualTo(StopCause.NONE);
        assertThat(outcome.result().killReport()).isNotNull();
        assertGone(awaitPid(directory.resolve("daemon")));
    }

    @Test
    void backgroundWorkMayFinishWithinTheDrainGrace() throws Exception {
        need(Capability.WHOLE_TREE);
        Outcome outcome = fixture.run(
                launcher,
                fixture.shell("(sleep 0.3; echo late) & echo early")
                        .drainGrace(LONG)
                        .build());

        assertThat(outcome.out()).isEqualTo("early\nlate\n");
        assertThat(outcome.result().killReport()).isNull();
    }

    @Test
    void b37_zombiesLeftBehindDoNotMatter() throws Exception {
        Outcome outcome = fixture.run(
                launcher,
                fixture.shell("for i in 1 2 3 4 5; do sh -c 'exit 9' & done; exec sleep 0.3")
                        .build());

        assertThat(outcome.status()).isEqualTo(new Exited(0));
    }

    @Test
    void b38_noCoreIsDumped() throws Exception {
        need(Capability.CLEAN_START);
        Path place = Files.createDirectory(directory.resolve("place"));

        Outcome outcome = fixture.run(
                launcher,
                fixture.shell("ulimit -c; kill -SEGV $$")
                        .workingDirectory(place)
                        .build());

        assertThat(outcome.status()).isEqualTo(death(launcher, 11));
        assertThat(outcome.out()).isEqualTo("0\n");
        try (Stream<Path> files = Files.list(place)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void anySignalReachesTheMainProcess() throws Exception {
        need(Capability.ANY_SIGNAL);
        String handler = "trap 'echo got; exit 3' USR1; echo ready; while :; do sleep 0.1; done";
        try (RunningProcess process = launcher.launch(fixture.shell(handler).build())) {
            awaitOutput(process, "ready");
            process.signal(10, false);

            assertThat(fixture.finish(process).out()).isEqualTo("ready\ngot\n");
        }
    }

    @Test
    void signalReachesTheTree() throws Exception {
        try (RunningProcess process = launcher.launch(
                fixture.shell("sleep 300 & echo $! > child; echo ready; wait").build())) {
            awaitOutput(process, "ready");
            process.signal(Signals.SIGKILL, true);

            assertThat(end(process).status()).isEqualTo(death(launcher, Signals.SIGKILL));
            assertThat(end(process).stopCause()).isEqualTo(StopCause.NONE);
            assertGone(awaitPid(directory.resolve("child")));
        }
    }

    @Test
    void processesStartClean() throws Exception {
        need(Capability.CLEAN_START);
        Outcome outcome = fixture.run(
                launcher,
                fixture.command(
                                "sh",
                                "-c",
                                "umask; ls /proc/self/fd | wc -l; grep -E '^(SigBlk|SigIgn|NoNewPrivs)' /proc/self/status")
                        .build());

        List<String> lines =
                outcome.out().lines().map(line -> line.replaceAll("\\s+", "")).toList();
        assertThat(lines)
                .containsExactlyInAnyOrder(
                        "0022", "4", "NoNewPrivs:1", "SigBlk:0000000000000000", "SigIgn:0000000000000000");
    }

    /** The case is one of launchers that have this, and skipped for others by nothing else. */
    private void need(Capability capability) {
        assumeTrue(launcher.capabilities().contains(capability), () -> "a launcher without " + capability);
    }

    private static KillReport reportOf(ProcessResult result) {
        KillReport report = result.killReport();
        if (report == null) {
            throw new AssertionError("no kill report in " + result);
        }
        return report;
    }
}
