package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server whose data directory lies on a small volume of its own, which only root can make. */
final class FullVolumeTest {
    private static final long RESERVE = 8L << 20;

    /** A volume in memory; unmounted when closed. */
    private record SmallVolume(Path at) implements AutoCloseable {
        static SmallVolume mount(Path at, int mebibytes) throws IOException {
            run("mount", "-t", "tmpfs", "-o", "size=" + mebibytes + "m", "hufu-test", at.toString());
            return new SmallVolume(at);
        }

        /** Takes every byte that is left. */
        void fill() throws IOException {
            try (OutputStream filler = Files.newOutputStream(at.resolve("filler"))) {
                byte[] zeros = new byte[4_096];
                while (true) {
                    filler.write(zeros);
                }
            } catch (IOException full) {
                assertThat(Files.getFileStore(at).getUsableSpace()).isLessThan(4_096);
            }
        }

        void makeRoom() throws IOException {
            Files.delete(at.resolve("filler"));
        }

        @Override
        public void close() throws IOException {
            run("umount", at.toString());
        }

        private static void run(String... command) throws IOException {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.onExit().join().exitValue()).as(said).isZero();
        }
    }

    @Test
    void f04_f37_onAFullVolumeRunsAreRefusedCancelsWorkAndItGoesOnByItself(
            @TempDir Path directory, @TempDir Path elsewhere) throws Exception {
        assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "needs root");
        try (SmallVolume volume = SmallVolume.mount(directory, 64);
                ServerProcess server = ServerProcess.started(directory.resolve("data"))) {
            Path reserve = server.data().resolve("hufu.db-reserve");
            assertThat(Files.size(reserve)).isEqualTo(RESERVE);
            Api api = server.api();
            String run = api.submit(Api.shell("sleep 1000 & sleep 1000"));
            String another = api.submit(Api.argv("sleep", "1000"));
            api.awaitRunning(run);
            api.awaitRunning(another);
            volume.fill();

            Api.Answer refused = submitted(api);
            for (int i = 0; i < 100 && refused.status() == 202; i++) {
                refused = submitted(api);
            }
            assertThat(refused.status()).as("%s", refused.body()).isEqualTo(503);
            assertThat(refused.body().get("type").asString()).isEqualTo("urn:hufu:problem:unavailable");
            assertThat(refused.header("Retry-After")).isNotEmpty();
            assertThat(api.get("/api/v1/runs/" + run + "?include=tasks").status())
                    .isEqualTo(200);
            assertThat(api.get("/healthz").status()).isEqualTo(200);

            assertThat(api.cancel(run).status()).isEqualTo(202);
            assertThat(Api.state(api.awaitTask(run))).isEqualTo("CANCELLED");
            assertThat(api.cancel(another).status()).isEqualTo(202);
            assertThat(Api.state(api.awaitTask(another))).isEqualTo("CANCELLED");
            assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run)).isEmpty();
            assertThat(Files.size(reserve)).as("the reserve is given up").isZero();
            assertThat(api.get("/readyz").status()).isEqualTo(503);
            assertThat(api.post("/api/v1/runs", Api.argv("true")).status()).isEqualTo(503);
            assertThat(figure(api, "hufu_store_reserve_spent")).isEqualTo("1.0");

            volume.makeRoom();
            Eventually.holds("runs are accepted again", Duration.ofSeconds(30), () -> ready(api));
            assertThat(Api.state(api.run(Api.argv("true")))).isEqualTo("SUCCEEDED");
            assertThat(Files.size(reserve)).as("the reserve is back").isEqualTo(RESERVE);
            assertThat(figure(api, "hufu_store_reserve_spent")).isEqualTo("0.0");
            assertThat(server.running()).isTrue();
            assertThat(server.terminate()).isZero();

            // Read in its place, SQLite's library would be loaded from the volume, which could not be unmounted then.
            Files.copy(server.data().resolve("hufu.db"), elsewhere.resolve("hufu.db"));
            AuditedHistory history = AuditedHistory.read(elsewhere);
            assertThat(history.firstBroken()).isEmpty();
            for (String cancelled : List.of(run, another)) {
                assertThat(history.actions(cancelled)).containsExactly("run.submitted", "run.cancel-requested");
                assertThat(history.terminalChanges(cancelled + ".0")).isEqualTo(1);
            }
            assertThat(history.actions("server")).containsExactly("server.started", "server.stopped");
        }
    }

    private static Api.Answer submitted(Api api) throws IOException, InterruptedException {
        return api.post(
                "/api/v1/runs", Map.of("exec", Map.of("argv", new String[] {"true"}), "stdin", "x".repeat(100_000)));
    }

    private static boolean ready(Api api) {
        try {
            return api.get("/readyz").status() == 200;
        } catch (IOException | InterruptedException failed) {
            throw new AssertionError(failed);
        }
    }

    private static String figure(Api api, String name) throws IOException, InterruptedException {
        String all = new String(api.get("/metrics").response().body(), StandardCharsets.UTF_8);
        return all.lines()
                .filter(line -> line.startsWith(name + " "))
                .map(line -> line.substring(name.length() + 1))
                .findFirst()
                .orElseThrow();
    }
}
