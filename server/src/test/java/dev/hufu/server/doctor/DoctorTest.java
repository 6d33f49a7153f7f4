package dev.hufu.server.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.exec.Isolation;
import dev.hufu.exec.LauncherConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the doctor says of machines that tests made up, and of this one where it is asked in earnest. */
final class DoctorTest {
    @TempDir
    private Path folder = Path.of("/");

    private void file(String path, String content) throws IOException {
        Path file = folder.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    private MachineChecks machine() {
        return new MachineChecks(folder, 1_000);
    }

    @Test
    void anOldKernelIsWeakerAndAnotherSystemBroken() {
        assertThat(MachineChecks.kernel("Linux", "6.1.0-13-amd64").state()).isEqualTo(Finding.State.OK);
        assertThat(MachineChecks.kernel("Linux", "5.9.1").state()).isEqualTo(Finding.State.OK);
        assertThat(MachineChecks.kernel("Linux", "5.8.18").state()).isEqualTo(Finding.State.WEAKER);
        assertThat(MachineChecks.kernel("Mac OS X", "15.1").state()).isEqualTo(Finding.State.BROKEN);
    }

    @Test
    void b41_whoMayTraceWhomIsReported() throws IOException {
        assertThat(machine().trace().state()).isEqualTo(Finding.State.WEAKER);
        file("proc/sys/kernel/yama/ptrace_scope", "0\n");
        assertThat(machine().trace()).satisfies(finding -> {
            assertThat(finding.state()).isEqualTo(Finding.State.WEAKER);
            assertThat(finding.follows()).contains("another user");
        });
        file("proc/sys/kernel/yama/ptrace_scope", "1\n");
        assertThat(machine().trace().state()).isEqualTo(Finding.State.OK);
    }

    @Test
    void howManyCommandsDescriptorsAndProcessesAllowIsSaid() throws IOException {
        assertThat(machine().descriptors().state()).isEqualTo(Finding.State.OK);
        file("proc/self/limits", """
                        Limit                     Soft Limit           Hard Limit           Units
                        Max processes             900                  900                  processes
                        Max open files            1024                 1024                 files
                        """);
        assertThat(machine().descriptors().state()).isEqualTo(Finding.State.WEAKER);
        assertThat(machine().descriptors().follows()).contains("About 412 commands");
        assertThat(machine().processes().follows()).contains("About 300 commands");
    }

    @Test
    void theBoundsOfTheControlGroupAndOfThoseAboveCount() throws IOException {
        file("proc/self/cgroup", "0::/system.slice/hufu.service\n");
        file("proc/meminfo", "MemTotal:        8388608 kB\n");
        file("sys/fs/cgroup/system.slice/hufu.service/pids.max", "max\n");
        file("sys/fs/cgroup/system.slice/pids.max", "600\n");
        file("sys/fs/cgroup/system.slice/hufu.service/memory.max", "1073741824\n");
        assertThat(machine().processes().follows()).contains("About 200 commands");
        assertThat(machine().memory().found())
                .isEqualTo("memory: 8192 MiB of the machine, 1024 MiB of this control group");
    }

    @Test
    void aLocaleWithoutUtf8AndAClockOfLongAgoAreSaid() {
        assertThat(MachineChecks.locale("UTF-8", "UTF-8").state()).isEqualTo(Finding.State.OK);
        assertThat(MachineChecks.locale("ANSI_X3.4-1968", "UTF-8").state()).isEqualTo(Finding.State.WEAKER);
        assertThat(MachineChecks.clock(Instant.EPOCH).state()).isEqualTo(Finding.State.BROKEN);
        assertThat(MachineChecks.clock(Instant.parse("2026-01-01T00:00:00Z")).state())
                .isEqualTo(Finding.State.OK);
    }

    @Test
    void theCallsThatThisKernelHasAreFound() {
        SystemCalls calls = new SystemCalls();
        assertThat(calls.pidfd()).isTrue();
        assertThat(calls.closeRange()).isTrue();
    }

    @Test
    void theLauncherIsTriedWithATreeThatLeavesItsSession() throws InterruptedException {
        List<Finding> findings = new LauncherChecks(LauncherConfig.defaults(), Clock.systemUTC()).all();
        assertThat(findings.getFirst().state()).as("%s", findings).isEqualTo(Finding.State.OK);
        assertThat(findings)
                .extracting(Finding::name)
                .contains("control-groups", "limit-memory", "limit-cpu", "limit-pids", "limit-files", "other-users");
    }

    @Test
    void aRunDirectoryThatIsOpenToOthersIsSaid() throws Exception {
        Path directory = Files.createDirectory(folder.resolve("run"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        List<Finding> findings =
                new LauncherChecks(LauncherConfig.defaults().withRunDirectory(directory), Clock.systemUTC()).all();
        assertThat(findings).singleElement().satisfies(finding -> {
            assertThat(finding.state()).isEqualTo(Finding.State.BROKEN);
            assertThat(finding.found()).contains("mode must be 0700");
        });
    }

    @Test
    void whatFollowsFromEachMechanismIsSaid() {
        List<Finding> none = LauncherChecks.isolation(Isolation.NONE);
        assertThat(none).allMatch(finding -> finding.state() == Finding.State.WEAKER && finding.follows() != null);
        List<Finding> all = LauncherChecks.isolation(new Isolation(
                Isolation.CgroupKind.V2_CONTROLLERS,
                Isolation.Mechanism.CGROUP,
                Isolation.Mechanism.CGROUP,
                Isolation.Mechanism.CGROUP,
                Isolation.Mechanism.RLIMIT,
                true));
        assertThat(all).allMatch(finding -> finding.state() == Finding.State.OK);
    }

    @Test
    void aDataDirectoryThatIsNotThereYetIsLookedAtWhereItWillBe() throws IOException {
        List<Finding> findings = new DataChecks(folder.resolve("a/b/c"), System::nanoTime).all();
        assertThat(findings.getFirst().found()).contains("a/b/c", "is made by the first start", "µs until");
        assertThat(folder.resolve("a")).doesNotExist();
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThat(new DataChecks(file, System::nanoTime).all())
                .singleElement()
                .matches(finding -> finding.state() == Finding.State.BROKEN);
    }

    @Test
    void aDiskThatIsSlowIsSaid() {
        long[] now = new long[1];
        assertThat(new DataChecks(folder, () -> now[0] += 25_000_000)
                        .all()
                        .getFirst()
                        .follows())
                .contains("waits that long");
    }

    @Test
    void thatNoServerAnswersIsNoFaultOfTheMachine() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        Finding finding = new ServerCheck("http://127.0.0.1:" + port, "").ask();
        assertThat(finding.state()).isEqualTo(Finding.State.NOTE);
        assertThat(new Report(List.of(finding)).healthy()).isTrue();
        assertThat(new ServerCheck("not an address", "").ask().state()).isEqualTo(Finding.State.NOTE);
    }

    @Test
    void theReportIsWordsOrJson() {
        Report report = new Report(List.of(
                Finding.ok("kernel", "Linux \u001b[31m6"),
                Finding.weaker("control-groups", "none " + "word ".repeat(30).strip(), "limits are kept otherwise")));
        assertThat(report.text())
                .contains("ok      kernel           Linux \\u001b[31m6\n")
                .contains("weaker  control-groups   none word")
                .contains("                         → limits are kept otherwise\n")
                .endsWith("\nHufu works on this machine, without what is weaker.\n");
        assertThat(report.text().lines()).allMatch(line -> line.length() <= 100);
        JsonNode json = JsonMapper.shared().readTree(report.json());
        assertThat(json.get("healthy").asBoolean()).isFalse();
        assertThat(json.at("/findings/1/state").asString()).isEqualTo("weaker");
        assertThat(json.at("/findings/0/follows").isNull()).isTrue();
        assertThat(new Report(List.of()).healthy()).isTrue();
    }
}
