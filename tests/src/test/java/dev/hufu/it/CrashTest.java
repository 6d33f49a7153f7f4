package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What is left of a run when server, launcher or supervisor is killed with SIGKILL. */
final class CrashTest {
    private static final String TEN_LINES = "for i in 0 1 2 3 4 5 6 7 8 9; do echo line $i; sleep 0.2; done; exit 7";
    private static final String TEN_LINES_OUTPUT =
            "line 0\nline 1\nline 2\nline 3\nline 4\nline 5\nline 6\nline 7\nline 8\nline 9\n";

    @Test
    void f17_killedServerLeavesCommandsRunningAndTakesThemUpAgain(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            List<String> runs = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                runs.add(server.api().submit(Api.shell(TEN_LINES)));
            }
            List<JsonNode> before = new ArrayList<>();
            for (String run : runs) {
                before.add(server.api().awaitRunning(run));
            }
            server.kill9();
            server.start();
            for (int i = 0; i < runs.size(); i++) {
                JsonNode task = server.api().awaitTask(runs.get(i));
                assertThat(Api.state(task)).as("%s", task).isEqualTo("FAILED");
                assertThat(task.get("exitCode").asInt()).isEqualTo(7);
                assertThat(task.get("attempt").asInt()).isEqualTo(1);
                assertThat(task.get("startedAt")).isEqualTo(before.get(i).get("startedAt"));
                assertThat(server.api().stdout(runs.get(i))).isEqualTo(TEN_LINES_OUTPUT);
            }
        }
    }

    @Test
    void f17_whatEndedWhileTheServerWasDeadIsReportedByTheNext(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            String run = server.api().submit(Api.shell("sleep 1; echo late; exit 4"));
            server.api().awaitRunning(run);
            server.kill9();
            awaitNoProcessOf(run);
            server.start();
            JsonNode task = server.api().awaitTask(run);
            assertThat(Api.state(task)).isEqualTo("FAILED");
            assertThat(task.get("exitCode").asInt()).isEqualTo(4);
            assertThat(server.api().stdout(run)).isEqualTo("late\n");
        }
    }

    @Test
    void theDeadlineFiresWhileTheServerIsDead(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            String run = server.api().submit(Map.of("exec", Map.of("argv", List.of("sleep", "1000")), "timeout", "2s"));
            server.api().awaitRunning(run);
            server.kill9();
            awaitNoProcessOf(run);
            server.start();
            JsonNode task = server.api().awaitTask(run);
            assertThat(Api.state(task)).isEqualTo("TIMED_OUT");
            assertThat(task.at("/attempts/0/killReport/cause").asString()).isEqualTo("deadline");
        }
    }

    @Test
    void aRunThatWasTakenUpAgainCanBeCancelled(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            String run = server.api().submit(Api.shell("setsid sleep 1000 & sleep 1000"));
            server.api().awaitRunning(run);
            server.kill9();
            server.start();
            assertThat(server.api().cancel(run).status()).isEqualTo(202);
            assertThat(Api.state(server.api().awaitTask(run))).isEqualTo("CANCELLED");
            assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run)).isEmpty();
        }
    }

    @Test
    void aCancelThatWasAcceptedIsCarriedOutAfterACrash(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            String run = server.api()
                    .submit(Map.of(
                            "exec",
                            Map.of("argv", List.of("sh", "-c", "trap '' TERM; while :; do sleep 0.2; done")),
                            "killGrace",
                            "3s"));
            server.api().awaitRunning(run);
            server.api().cancel(run);
            server.kill9();
            server.start();
            assertThat(Api.state(server.api().awaitTask(run))).isEqualTo("CANCELLED");
            assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run)).isEmpty();
        }
    }

    @Test
    void f18_killedSupervisorTakesItsTreeWithItAndTheTaskSaysSo(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            String victim = server.api().submit(Api.shell("setsid sleep 1000 & sleep 1000"));
            String other = server.api().submit(Api.shell("sleep 3; echo fine"));
            server.api().awaitRunning(victim);
            server.api().awaitRunning(other);
            kill(server.supervisorOf(mainOf(server, victim)));
            Eventually.holds(
                    "the tree of a killed supervisor is gone within 5 s",
                    Duration.ofSeconds(5),
                    () -> Proc.withEnvironment("HUFU_RUN_ID=" + victim).isEmpty());
            JsonNode task = server.api().awaitTask(victim);
            assertThat(Api.state(task)).isEqualTo("LOST");
            assertThat(task.get("reason").asString()).isEqualTo("supervisor-lost");
            assertThat(Api.state(server.api().awaitTask(other))).isEqualTo("SUCCEEDED");
            assertThat(Api.state(server.api().run(Api.argv("true")))).isEqualTo("SUCCEEDED");
        }
    }

    @Test
    void killedLauncherIsReplacedAndWhatRunsGoesOn(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            String run = server.api().submit(Api.shell(TEN_LINES));
            server.api().awaitRunning(run);
            kill(server.launcher());
            JsonNode next = server.api().run(Api.argv("echo", "next"));
            assertThat(Api.state(next)).as("%s", next).isEqualTo("SUCCEEDED");
            JsonNode task = server.api().awaitTask(run);
            assertThat(task.get("exitCode").asInt()).isEqualTo(7);
            assertThat(server.api().stdout(run)).isEqualTo(TEN_LINES_OUTPUT);
        }
    }

    @Test
    void f18_killedLauncherAndSupervisorLeaveNothingBehind(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            String run = server.api().submit(Api.shell("setsid sleep 1000 & sleep 1000"));
            server.api().awaitRunning(run);
            long supervisor = server.supervisorOf(mainOf(server, run));
            kill(server.launcher());
            kill(supervisor);
            JsonNode task = server.api().awaitTask(run);
            assertThat(Api.state(task)).isEqualTo("LOST");
            assertThat(task.get("reason").asString()).isEqualTo("supervisor-lost");
            assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run)).isEmpty();
        }
    }

    @Test
    void f19_serverLauncherAndSupervisorKilledIsLostAndSwept(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            String run = server.api().submit(Api.shell("setsid sleep 1000 & sleep 1000"));
            server.api().awaitRunning(run);
            killAll(server, run);
            assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run)).isNotEmpty();
            server.start();
            JsonNode task = server.api().awaitTask(run);
            assertThat(Api.state(task)).isEqualTo("LOST");
            assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run)).isEmpty();
        }
    }

    @Test
    void f19_afterAnotherBootNothingIsKilledByARecycledPid(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            String run = server.api().submit(Api.argv("sleep", "1000"));
            server.api().awaitRunning(run);
            killAll(server, run);
            List<Long> strangers = Proc.withEnvironment("HUFU_RUN_ID=" + run);
            assertThat(strangers).isNotEmpty();
            try (Stream<Path> files = Files.walk(data)) {
                for (Path file : files.filter(each -> fileName(each).startsWith(run) && Files.isRegularFile(each))
                        .toList()) {
                    try (RandomAccessFile attempt = new RandomAccessFile(file.toFile(), "rw")) {
                        attempt.seek(64);
                        attempt.write("00000000-0000-0000-0000-000000000000".getBytes(StandardCharsets.US_ASCII));
                    }
                }
            }
            server.start();
            assertThat(Api.state(server.api().awaitTask(run))).isEqualTo("LOST");
            assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run))
                    .as("what has the pid now is not ours")
                    .isEqualTo(strangers);
            strangers.forEach(CrashTest::kill);
        }
    }

    @Test
    void f01_killedAroundTheCommitOfASubmitAndRetriedWithTheKeyMakesOneRun(@TempDir Path data) throws Exception {
        Path effects = Files.createDirectories(data.resolve("effects"));
        try (ServerProcess server = ServerProcess.started(data.resolve("server"))) {
            for (int round = 0; round < 6; round++) {
                Api before = server.api();
                String key = "f01-" + round;
                Map<String, Object> body = Api.argv("sh", "-c", "echo x >> '" + effects.resolve(key) + "'");
                Thread submit = Thread.ofVirtual().start(() -> {
                    try {
                        before.submit(body, "Idempotency-Key", key);
                    } catch (IOException | InterruptedException | AssertionError cut) {
                        // The server was killed under this request; whether it was accepted is what is asked below.
                        assertThat(cut).isNotNull();
                    }
                });
                LockSupport.parkNanos(round * 1_500_000L);
                server.kill9();
                submit.join();
                server.start();
                String run = server.api().submit(body, "Idempotency-Key", key);
                assertThat(server.api().submit(body, "Idempotency-Key", key)).isEqualTo(run);
                assertThat(Api.state(server.api().awaitTask(run))).isEqualTo("SUCCEEDED");
                assertThat(Files.readAllLines(effects.resolve(key))).hasSize(1);
            }
        }
    }

    @Test
    void termLeavesTasksRunningAndExitsWithZero(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            String run = server.api().submit(Api.shell(TEN_LINES));
            JsonNode before = server.api().awaitRunning(run);
            assertThat(server.terminate()).isZero();
            server.start();
            JsonNode task = server.api().awaitTask(run);
            assertThat(task.get("exitCode").asInt()).isEqualTo(7);
            assertThat(task.get("startedAt")).isEqualTo(before.get("startedAt"));
            assertThat(server.api().stdout(run)).isEqualTo(TEN_LINES_OUTPUT);
        }
    }

    /** The main process of a run: the one whose parent is a supervisor. */
    private static long mainOf(ServerProcess server, String run) {
        List<Long> supervisors = Proc.programsBelow(server.runtime());
        return Proc.withEnvironment("HUFU_RUN_ID=" + run).stream()
                .filter(pid -> supervisors.contains(Proc.parent(pid)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no process of " + run + " below a supervisor"));
    }

    static void killAll(ServerProcess server, String... runs) throws InterruptedException {
        List<Long> all = new ArrayList<>(List.of(server.launcher()));
        for (String run : runs) {
            all.add(server.supervisorOf(mainOf(server, run)));
        }
        server.kill9();
        all.forEach(CrashTest::kill);
        Eventually.holds("they are gone", Api.PATIENCE, () -> all.stream().noneMatch(Proc::alive));
    }

    private static void kill(long pid) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }

    private static void awaitNoProcessOf(String run) throws InterruptedException {
        Eventually.holds(
                "the processes of " + run + " have ended",
                Api.PATIENCE,
                () -> Proc.withEnvironment("HUFU_RUN_ID=" + run).isEmpty());
    }

    private static String fileName(Path path) {
        return String.valueOf(path.getFileName());
    }
}
