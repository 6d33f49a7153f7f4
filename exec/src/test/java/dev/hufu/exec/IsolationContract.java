package dev.hufu.exec;

import static dev.hufu.exec.LauncherFixture.LONG;
import static dev.hufu.exec.LauncherFixture.assertGone;
import static dev.hufu.exec.LauncherFixture.awaitOutput;
import static dev.hufu.exec.LauncherFixture.awaitPid;
import static dev.hufu.exec.LauncherFixture.end;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hufu.exec.ExitStatus.Exited;
import dev.hufu.exec.ExitStatus.LaunchFailed;
import dev.hufu.exec.Isolation.CgroupKind;
import dev.hufu.exec.Isolation.Mechanism;
import dev.hufu.exec.LauncherFixture.Outcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
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
    private static final String STRANGER = "65534:65534";

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

    private record Limit(String name, Function<Isolation, Mechanism> mechanism, ResourceLimits generous) {}

    @TestFactory
    Stream<DynamicTest> aLimitIsKeptOrRefusedAndNeverIgnored() {
        return Stream.of(
                        new Limit("memory", Isolation::memory, ResourceLimits.NONE.withMemoryBytes(1L << 30)),
                        new Limit("cpu", Isolation::cpu, ResourceLimits.NONE.withCpus(2)),
                        new Limit("openFiles", Isolation::openFiles, ResourceLimits.NONE.withOpenFiles(100)))
                .map(limit -> DynamicTest.dynamicTest(limit.name, () -> {
                    ExitStatus status =
                            run(fixture.command("true").limits(limit.generous)).status();
                    switch (limit.mechanism.apply(launcher.isolation())) {
                        case CGROUP, RLIMIT -> assertThat(status).isEqualTo(new Exited(0));
                        case UNAVAILABLE ->
                            assertThat(status).isEqualTo(new LaunchFailed(Errno.EOPNOTSUPP, LaunchStage.LIMITS));
                    }
                }));
    }

    @Test
    void processesAreLimitedOnlyWhereTheyAreCountedForTheTaskOrForAnotherUser() throws Exception {
        ResourceLimits limits = ResourceLimits.NONE.withProcesses(100);
        ExitStatus own = run(fixture.command("true").limits(limits)).status();

        if (launcher.isolation().processes() == Mechanism.CGROUP) {
            assertThat(own).isEqualTo(new Exited(0));
        } else {
            assertThat(own).isEqualTo(new LaunchFailed(Errno.EOPNOTSUPP, LaunchStage.LIMITS));
        }
        if (launcher.isolation().processes() == Mechanism.RLIMIT) {
            Outcome stranger = run(fixture.shell("ulimit -u || cat /proc/self/limits | grep processes")
                    .user(STRANGER)
                    .limits(limits));
            assertThat(stranger.out()).contains("100");
        }
    }

    @Test
    void anotherUserIsTakenOrRefused() throws Exception {
        Outcome outcome = run(fixture.command("true").user(STRANGER));

        if (launcher.isolation().canChangeUser()) {
            assertThat(outcome.status()).isEqualTo(new Exited(0));
        } else {
            assertThat(outcome.status()).isEqualTo(new LaunchFailed(Errno.EPERM, LaunchStage.USER));
        }
    }

    @Test
    void anotherUserHasThatUserAndGroupsAndNoCapabilities() throws Exception {
        assumeCanChangeUser();
        String text = "id -u; id -g; id -G; grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb)|^NoNew' /proc/self/status | tr -d '\\t'";
        Outcome outcome = run(fixture.shell(text).user("65534:65533"));

        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out().lines().toList())
                .containsExactly(
                        "65534",
                        "65533",
                        "65533",
                        "CapInh:0000000000000000",
                        "CapPrm:0000000000000000",
                        "CapEff:0000000000000000",
                        "CapBnd:0000000000000000",
                        "CapAmb:0000000000000000",
                        "NoNewPrivs:1");
    }

    @Test
    void aNameIsLookedUpWithItsGroups() throws Exception {
        assumeCanChangeUser();
        String name = "daemon";
        Process id = new ProcessBuilder("id", name).start();
        String known = new String(id.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assumeTrue(id.waitFor() == 0, "this machine has no user " + name);

        assertThat(run(fixture.command("id").user(name)).out()).isEqualTo(known);
        Outcome byNumber = run(fixture.command("id").user(uidIn(known)));
        assertThat(byNumber.out()).isEqualTo(known);
    }

    private static String uidIn(String line) {
        return line.substring("uid=".length(), line.indexOf('('));
    }

    @Test
    void f25_anUnknownUserIsRefusedAndNothingRuns() throws Exception {
        assumeCanChangeUser();
        Path witness = directory.resolve("witness");
        for (String user : List.of("no-such-user", "4000000000", "x".repeat(300))) {
            assertThat(run(fixture.command("touch", witness.toString()).user(user))
                            .status())
                    .as(user)
                    .isEqualTo(new LaunchFailed(Errno.ENOENT, LaunchStage.USER));
        }
        for (String user : List.of("1:2:3", "daemon:daemon", ":1", "1:", "4294967295:1", "1:4294967295", "-1:1")) {
            assertThat(run(fixture.command("touch", witness.toString()).user(user))
                            .status())
                    .as(user)
                    .isEqualTo(new LaunchFailed(Errno.EINVAL, LaunchStage.USER));
        }
        assertThat(witness).doesNotExist();
    }

    @Test
    void anotherUserReadsItsScriptAndInputAndOpensItsStreamsByName() throws Exception {
        assumeCanChangeUser();
        Outcome outcome = run(fixture.shell("cat /dev/stdin > /dev/stdout; echo error > /dev/stderr; exit 4")
                .stdin("input".getBytes(StandardCharsets.UTF_8))
                .user(STRANGER));

        assertThat(outcome.out()).isEqualTo("input");
        assertThat(outcome.err()).isEqualTo("error\n");
        assertThat(outcome.status()).isEqualTo(new Exited(4));
    }

    @Test
    void b41_anotherUserCanNeitherSignalNorReadItsSupervisorOrItsAttemptFile() throws Exception {
        assumeCanChangeUser();
        ProcessSpec spec = fixture.shell("""
                        for pid in $PPID $(cut -d ' ' -f 4 /proc/$PPID/stat); do
                            kill -9 $pid && echo signalled
                            cat /proc/$pid/mem /proc/$pid/environ && echo read
                            ls /proc/$pid/fd && echo listed
                        done
                        cat "$1" && echo file
                        echo tried
                        """, directory.resolve("attempt-1").toString())
                .user(STRANGER)
                .workingDirectory(Path.of("/"))
                .build();

        assertThat(fixture.run(launcher, spec).out()).isEqualTo("tried\n");
    }

    @Test
    void openFilesAreBoundedForEachProcess() throws Exception {
        assumeTrue(launcher.isolation().openFiles() == Mechanism.RLIMIT);
        Outcome outcome = run(fixture.shell("ulimit -Sn; ulimit -Hn").limits(ResourceLimits.NONE.withOpenFiles(33)));

        assertThat(outcome.out()).isEqualTo("33\n33\n");
    }

    @Test
    void f21_whatTakesTooMuchMemoryIsStoppedAlone() throws Exception {
        assumeTrue(launcher.isolation().memory() == Mechanism.CGROUP, "memory is not limited by control groups here");
        ProcessSpec.Builder greedy = fixture.shell(
                        "sleep 300 & dd if=/dev/zero of=/dev/null bs=256M count=1; sleep 300")
                .limits(ResourceLimits.NONE.withMemoryBytes(32L << 20));
        try (RunningProcess other = launcher.launch(fixture.shell("sleep 300")
                .limits(ResourceLimits.NONE.withMemoryBytes(32L << 20))
                .build())) {
            Outcome outcome = run(greedy);

            assertThat(outcome.result().stopCause()).isEqualTo(StopCause.MEMORY);
            assertThat(LauncherFixture.isAlive(other.pid())).isTrue();
            other.stop(StopPolicy.requested(Duration.ZERO));
            assertThat(end(other).stopCause()).isEqualTo(StopCause.REQUESTED);
        }
    }

    @Test
    void f21_theMainProcessOutOfMemoryIsToldFromAKilledOne() throws Exception {
        assumeTrue(launcher.isolation().memory() == Mechanism.CGROUP, "memory is not limited by control groups here");
        ResourceLimits limits = ResourceLimits.NONE.withMemoryBytes(32L << 20);
        Outcome starved = run(fixture.command("dd", "if=/dev/zero", "of=/dev/null", "bs=256M", "count=1")
                .limits(limits));
        Outcome killed = run(fixture.shell("kill -9 $$").limits(limits));

        assertThat(starved.status()).isEqualTo(new ExitStatus.Signaled(Signals.SIGKILL, false));
        assertThat(starved.result().stopCause()).isEqualTo(StopCause.MEMORY);
        assertThat(killed.status()).isEqualTo(new ExitStatus.Signaled(Signals.SIGKILL, false));
        assertThat(killed.result().stopCause()).isEqualTo(StopCause.NONE);
    }

    @Test
    void withoutGroupsAnAllocationBeyondTheLimitFails() throws Exception {
        assumeTrue(launcher.isolation().memory() == Mechanism.RLIMIT, "memory is limited by control groups here");
        Outcome outcome = run(fixture.command("dd", "if=/dev/zero", "of=/dev/null", "bs=256M", "count=1")
                .limits(ResourceLimits.NONE.withMemoryBytes(32L << 20)));

        assertThat(outcome.status()).isEqualTo(new Exited(1));
        assertThat(outcome.err()).contains("memory exhausted");
        assertThat(outcome.result().stopCause()).isEqualTo(StopCause.NONE);
    }

    @Test
    void f20_b34_aForkBombUnderALimitIsStopped() throws Exception {
        assumeTrue(launcher.isolation().processes() == Mechanism.CGROUP, "processes are not counted by groups here");
        Outcome outcome = run(fixture.shell("bomb() { bomb | bomb & }; bomb; sleep 300")
                .limits(ResourceLimits.NONE.withProcesses(50)));

        assertThat(outcome.result().stopCause()).isEqualTo(StopCause.PIDS);
        assertThat(Objects.requireNonNull(outcome.result().killReport()).proof())
                .isEqualTo(KillReport.Proof.CGROUP);
    }

    @Test
    void f20_aForkBombOfAnotherUserUnderALimitIsStoppedByItsDeadline() throws Exception {
        assumeTrue(launcher.isolation().processes() == Mechanism.RLIMIT, "processes are not counted by user here");
        long before = System.nanoTime();
        Outcome outcome = run(fixture.shell("bomb() { bomb | bomb & }; bomb; sleep 300")
                .user("65432:65432")
                .timeout(Duration.ofSeconds(1))
                .killGrace(Duration.ZERO)
                .limits(ResourceLimits.NONE.withProcesses(50)));

        assertThat(outcome.result().stopCause()).isEqualTo(StopCause.DEADLINE);
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(LONG);
        assertThat(processesOf("65432")).isEmpty();
    }

    private static List<String> processesOf(String uid) throws IOException {
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            return processes
                    .map(path -> path.getFileName().toString())
                    .filter(name -> name.matches("\\d+") && LauncherFixture.isAlive(Long.parseLong(name)))
                    .filter(name -> uid.equals(String.valueOf(uidOf(name))))
                    .toList();
        }
    }

    private static Object uidOf(String pid) {
        try {
            return Files.getAttribute(Path.of("/proc", pid), "unix:uid");
        } catch (IOException e) {
            return -1;
        }
    }

    @Test
    void cpuIsBounded() throws Exception {
        assumeTrue(launcher.isolation().cpu() == Mechanism.CGROUP, "cpu is not limited here");
        Outcome outcome = run(fixture.shell("while :; do :; done")
                .timeout(Duration.ofSeconds(1))
                .killGrace(Duration.ZERO)
                .limits(ResourceLimits.NONE.withCpus(0.2)));

        ResourceUsage usage = Objects.requireNonNull(outcome.result().usage());
        double share = usage.user().plus(usage.system()).toNanos()
                / (double) usage.wall().toNanos();
        assertThat(share).isBetween(0.01, 0.5);
    }

    @Test
    void b33_b36_f24_whatIsInAGroupIsKilledWithItAndTheGroupIsRemoved() throws Exception {
        assumeTrue(launcher.isolation().cgroups() != CgroupKind.NONE, "no control groups");
        ProcessSpec spec = inGroup(
                        fixture.shell("""
                (setsid sh -c 'trap "" TERM; echo $$ > "$0"; exec sleep 300' "$1" &)
                while ! [ -s "$1" ]; do sleep 0.02; done
                echo ready; exec sleep 300
                """, directory.resolve("daemon").toString()))
                .build();
        try (RunningProcess process = launcher.launch(spec)) {
            awaitOutput(process, "ready");
            long daemon = awaitPid(directory.resolve("daemon"));
            List<Path> groups = CgroupFixture.groupsOf(spec.attemptFile());
            assertThat(groups)
                    .isNotEmpty()
                    .allSatisfy(group -> assertThat(group).isDirectory());
            assertThat(groups.getFirst().resolve("cgroup.procs")).content().contains(Long.toString(daemon));

            process.stop(StopPolicy.requested(Duration.ZERO));
            ProcessResult result = end(process);

            assertGone(daemon, process.pid());
            KillReport report = Objects.requireNonNull(result.killReport());
            assertThat(report.proof()).isEqualTo(KillReport.Proof.CGROUP);
            assertThat(report.steps().getLast().survivors()).isZero();
            assertThat(groups).noneMatch(Files::exists);
        }
    }

    @Test
    void anOrdinaryEndAndAFailedStartLeaveNoGroup() throws Exception {
        assumeTrue(launcher.isolation().cgroups() != CgroupKind.NONE, "no control groups");
        for (String program : List.of("true", "/no/such/program")) {
            ProcessSpec spec = inGroup(fixture.command(program)).build();
            fixture.run(launcher, spec);

            assertThat(CgroupFixture.groupsOf(spec.attemptFile())).isNotEmpty().noneMatch(Files::exists);
        }
    }

    @Test
    void withoutALimitOrAnotherUserThereIsNoGroup() throws Exception {
        ProcessSpec spec = fixture.command("true").build();
        fixture.run(launcher, spec);

        assertThat(CgroupFixture.groupsOf(spec.attemptFile())).isEmpty();
    }

    /** With what it takes here to be put into a group. */
    private ProcessSpec.Builder inGroup(ProcessSpec.Builder spec) {
        return launcher.isolation().memory() == Mechanism.CGROUP
                ? spec.limits(ResourceLimits.NONE.withMemoryBytes(1L << 30))
                : spec.allowPrivilegeGain(true);
    }

    private void assumeCanChangeUser() {
        assumeTrue(launcher.isolation().canChangeUser(), "this user may not run processes as another");
    }

    private Outcome run(ProcessSpec.Builder spec) throws IOException, InterruptedException {
        return fixture.run(launcher, spec.workingDirectory(Path.of("/")).build());
    }
}
