package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Many at once, many in a row, and much output: what it costs the server, measured while it happens. */
@Tag("long")
final class LoadTest {
    private static final long MIB = 1L << 20;

    @Test
    @Timeout(600)
    void aThousandCommandsAtOnceCostFewPlatformThreads(@TempDir Path data) throws Exception {
        int commands = 1_000;
        try (ServerProcess server = ServerProcess.started(data)) {
            warm(server, 200);
            int idle = Proc.threads(server.pid());
            List<String> runs = submitAll(server, commands, Api.argv("sleep", "1000"));
            for (String run : runs) {
                server.api().awaitRunning(run);
            }
            int busy = Proc.threads(server.pid());
            assertThat(busy - idle).as("platform threads above idle").isLessThanOrEqualTo(40);
            System.out.println("1,000 running: " + (busy - idle) + " threads above idle, "
                    + Proc.programsBelow(server.runtime()).stream()
                                    .mapToLong(Proc::residentBytes)
                                    .sum()
                            / MIB
                    + " MiB resident in supervisors");
            try (ExecutorService callers = Executors.newFixedThreadPool(16)) {
                List<Future<Api.Answer>> answers = new ArrayList<>();
                for (String run : runs) {
                    answers.add(callers.submit(() -> server.api().cancel(run)));
                }
                for (Future<Api.Answer> answer : answers) {
                    assertThat(answer.get().status()).isEqualTo(202);
                }
            }
            for (String run : runs) {
                assertThat(Api.state(server.api().awaitTask(run))).isEqualTo("CANCELLED");
            }
        }
    }

    @Test
    @Timeout(600)
    void f22_afterTenThousandShortCommandsNothingIsLeftOver(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            warm(server, 500);
            long launcher = server.launcher();
            int descriptors = Proc.descriptors(server.pid());
            int launcherDescriptors = Proc.descriptors(launcher);
            int threads = Proc.threads(server.pid());
            List<String> runs = submitAll(server, 10_000, Api.argv("true"));
            for (String run : runs) {
                assertThat(Api.state(server.api().awaitTask(run))).isEqualTo("SUCCEEDED");
            }
            Eventually.holds(
                    () -> "descriptors " + descriptors + ", threads " + threads + " as before; now "
                            + descriptorsOf(server.pid()) + ", " + Proc.threads(server.pid()) + "; launcher "
                            + launcherDescriptors + ", now " + descriptorsOf(launcher),
                    Duration.ofSeconds(30),
                    () -> descriptorsOf(server.pid()) <= descriptors + 8
                            && Proc.threads(server.pid()) <= threads + 4
                            && descriptorsOf(launcher) <= launcherDescriptors + 4);
            List<Long> ours = Proc.programsBelow(server.runtime());
            Set<Long> parents = new HashSet<>(ours);
            parents.add(server.pid());
            assertThat(Proc.pids(pid -> Proc.state(pid) == 'Z' && parents.contains(Proc.parent(pid))))
                    .as("zombies")
                    .isEmpty();
        }
    }

    @Test
    @Timeout(600)
    void b30_aGibibyteOfOutputWithAMebibyteKeptLeavesMemoryFlatAndHeadGapAndTailExact(@TempDir Path data)
            throws Exception {
        long written = 1L << 30;
        try (ServerProcess server = ServerProcess.started(data)) {
            warm(server, 500);
            long before = Proc.residentBytes(server.pid());
            // Eight-digit numbers, nine bytes a line: every byte is known from its position.
            String program = "BEGIN { for (i = 0; i < 119304648; i++) printf \"%08d\\n\", i % 100000000 }";
            String run = server.api()
                    .submit(Map.of(
                            "exec",
                            Map.of("argv", List.of("sh", "-c", "awk '" + program + "' | head -c " + written)),
                            "limits",
                            Map.of("output", "1MiB")));
            long peak = before;
            JsonNode task = server.api().task(run);
            while (!Set.of("SUCCEEDED", "FAILED", "LOST").contains(Api.state(task))) {
                peak = Math.max(peak, Proc.residentBytes(server.pid()));
                task = server.api().task(run);
            }
            assertThat(Api.state(task)).isEqualTo("SUCCEEDED");
            assertThat(task.at("/output/stdoutBytes").asLong()).isEqualTo(written);
            assertThat(task.at("/output/truncated").asBoolean()).isTrue();
            assertThat((peak - before) / MIB).as("growth of the server in MiB").isLessThan(64);
            Api.Answer output = server.api().get("/api/v1/tasks/" + run + ".0/output?stream=stdout");
            assertThat(output.header("Hufu-Output-Gap")).isEqualTo("stdout=" + MIB + "-" + (written - 65_536));
            byte[] bytes = output.response().body();
            assertThat(bytes).hasSize((int) MIB + 65_536);
            for (int i = 0; i < bytes.length; i++) {
                long position = i < MIB ? i : written - bytes.length + i;
                if (bytes[i] != expected(position)) {
                    throw new AssertionError("byte at " + position + " is " + (char) bytes[i]);
                }
            }
        }
    }

    private static byte expected(long position) {
        long line = position / 9 % 100_000_000;
        int column = (int) (position % 9);
        if (column == 8) {
            return '\n';
        }
        for (int i = column; i < 7; i++) {
            line /= 10;
        }
        return (byte) ('0' + line % 10);
    }

    private static void warm(ServerProcess server, int runs) throws Exception {
        for (String run : submitAll(server, runs, Api.argv("true"))) {
            server.api().awaitTask(run);
        }
    }

    private static List<String> submitAll(ServerProcess server, int count, Map<String, ?> body) throws Exception {
        List<String> runs = new ArrayList<>();
        try (ExecutorService callers = Executors.newFixedThreadPool(16)) {
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                answers.add(callers.submit(() -> server.api().submit(body)));
            }
            for (Future<String> answer : answers) {
                runs.add(answer.get());
            }
        }
        return runs;
    }

    private static int descriptorsOf(long pid) {
        try {
            return Proc.descriptors(pid);
        } catch (IOException gone) {
            throw new AssertionError("process " + pid + " is gone", gone);
        }
    }
}
