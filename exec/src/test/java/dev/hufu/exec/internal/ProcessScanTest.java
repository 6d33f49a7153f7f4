package dev.hufu.exec.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.exec.ProcessInfo;
import dev.hufu.exec.ProcessTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Of a /proc that a test wrote. */
final class ProcessScanTest {
    private static final long SUPERVISOR = 10;

    @TempDir
    private Path proc = Path.of("/");

    private void process(long pid, long parent, String name, String children) throws IOException {
        Path task = Files.createDirectories(proc.resolve(pid + "/task/" + pid));
        Files.writeString(
                proc.resolve(pid + "/stat"),
                pid + " (" + name + ") S " + parent + " 1 1 0 -1 0 1 2 3 4 150 25 0 0 20 0 7 0 99 1000 10 0\n");
        if (!children.equals("-")) {
            Files.writeString(task.resolve("children"), children);
        }
    }

    private ProcessTree scan(int atMost) {
        return new ProcessScan(proc, atMost).below(SUPERVISOR, Instant.EPOCH);
    }

    private List<Long> pids() {
        return scan(100).processes().stream().map(ProcessInfo::pid).toList();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatDescendsFromTheSupervisorIsFound(boolean lists) throws IOException {
        process(SUPERVISOR, 1, "hufu", lists ? "11 14 " : "-");
        process(11, SUPERVISOR, "main", lists ? "12 13 " : "-");
        process(12, 11, "a) S 1 (b", lists ? "" : "-");
        process(13, 11, "child", lists ? "" : "-");
        process(14, SUPERVISOR, "orphan", lists ? "15 " : "-");
        process(15, 14, "its child", lists ? "" : "-");
        process(16, 1, "stranger", lists ? "" : "-");
        assertThat(pids()).containsExactly(11L, 14L, 12L, 13L, 15L);
        assertThat(scan(100).processes().get(2).name()).isEqualTo("a) S 1 (b");
        assertThat(scan(3).processes()).extracting(ProcessInfo::pid).containsExactly(11L, 14L, 12L);
        assertThat(scan(3).truncated()).isTrue();
    }

    @Test
    void whoTookOverTheIdOfAProcessThatWentAwayIsNotShown() throws IOException {
        process(SUPERVISOR, 1, "hufu", "11 ");
        process(11, SUPERVISOR, "main", "12 13 14 ");
        process(12, 999, "somebody new", "");
        process(13, SUPERVISOR, "an orphan by now", "");
        assertThat(pids()).containsExactly(11L, 13L);
    }

    @Test
    void allThatIsThereIsToldInItsUnits() throws IOException {
        process(SUPERVISOR, 1, "hufu", "11 ");
        process(11, SUPERVISOR, "main", "");
        Path directory = proc.resolve("11");
        Files.writeString(directory.resolve("cmdline"), "echo\0a b\0\0");
        Files.writeString(directory.resolve("status"), "Name:\tmain\nVmHWM:\t  9999 kB\nVmRSS:\t  1234 kB\n");
        Files.writeString(directory.resolve("wchan"), "do_wait");
        Files.writeString(directory.resolve("stack"), "[<0>] do_wait+0x1/0x2\n[<0>] kernel_wait4+0x3/0x4\n");
        assertThat(scan(100).processes())
                .containsExactly(new ProcessInfo(
                        11,
                        SUPERVISOR,
                        "main",
                        List.of("echo", "a b", ""),
                        false,
                        ProcessInfo.State.SLEEPING,
                        Duration.ofMillis(1_500),
                        Duration.ofMillis(250),
                        1_234L * 1_024,
                        7,
                        "do_wait",
                        List.of("do_wait+0x1/0x2", "kernel_wait4+0x3/0x4")));
    }

    @Test
    void whatMayNotBeAskedIsAbsent() throws IOException {
        process(SUPERVISOR, 1, "hufu", "11 ");
        process(11, SUPERVISOR, "main", "");
        Files.writeString(proc.resolve("11/wchan"), "0");
        ProcessInfo main = scan(100).processes().getFirst();
        assertThat(main.waitsOn()).isNull();
        assertThat(main.kernelStack()).isNull();
        assertThat(main.residentBytes()).isNull();
        assertThat(main.argv()).isEmpty();
    }
}
