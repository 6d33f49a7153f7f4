package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Time that passes while work waits, and while everything or a part of it stands still. */
final class PauseTest {
    private static void pause(List<Long> pids) throws IOException, InterruptedException {
        for (long pid : pids) {
            assertThat(signal("STOP", pid)).as("%d is there", pid).isEqualTo(0);
        }
    }

    /** What has ended by then, as by what went on before it, is left out of account. */
    private static void goOn(List<Long> pids) throws IOException, InterruptedException {
        for (long pid : pids) {
            signal("CONT", pid);
        }
    }

    private static int signal(String name, long pid) throws IOException, InterruptedException {
        return new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    private static void awaitPast(Instant time) throws InterruptedException {
        Eventually.holds(
                "it is " + time, Duration.ofSeconds(60), () -> Instant.now().isAfter(time));
    }

    private static Map<String, Object> touching(Path marker, String expiresAfter) {
        return Map.of(
                "exec",
                Map.of("argv", List.of("sh", "-c", "echo started >> '" + marker + "'")),
                "expiresAfter",
                expiresAfter);
    }

    private static void neverStarted(JsonNode task) {
        assertThat(Api.state(task)).as("%s", task).isEqualTo("EXPIRED");
        assertThat(task.get("reason").asString()).isEqualTo("expired");
        assertThat(task.get("startedAt").isNull()).isTrue();
        assertThat(task.get("exitCode").isNull()).isTrue();
    }

    @Test
    void f10_whatWaitsTooLongInTheQueueExpiresAndIsNeverStarted(@TempDir Path directory) throws Exception {
        Path marker = directory.resolve("marker");
        try (ServerProcess server = ServerProcess.started(directory.resolve("data"), "--max-running", "1")) {
            String running = server.api().submit(Api.argv("sleep", "1000"));
            server.api().awaitRunning(running);
            String late = server.api().submit(touching(marker, "300ms"));
            JsonNode expired = server.api().awaitTask(late);
            neverStarted(expired);
            assertThat(expired.get("dispatchedAt").isNull()).isTrue();
            assertThat(expired.get("attempts").isEmpty()).isTrue();
            server.api().cancel(running);
            server.api().awaitTask(running);
            // What would be started instead has its turn after what expired.
            server.api().run(Api.argv("true"));
            assertThat(marker).doesNotExist();
            assertThat(Api.state(server.api().task(late))).isEqualTo("EXPIRED");
        }
    }

    @Test
    void f10_whatIsHeldUpAtTheAgentExpiresAndIsNeverStarted(@TempDir Path directory) throws Exception {
        // The agent hands so many to its launcher at once; the others wait for their turn.
        int handedOver = 2 * Runtime.getRuntime().availableProcessors();
        try (ServerProcess server = ServerProcess.started(directory.resolve("data"))) {
            server.api().run(Api.argv("true"));
            List<Long> launcher = List.of(server.launcher());
            List<String> late = new ArrayList<>();
            pause(launcher);
            try {
                for (int i = 0; i < handedOver + 10; i++) {
                    late.add(server.api().submit(touching(directory.resolve("marker" + i), "700ms")));
                }
                awaitPast(Instant.now().plusMillis(1_000));
            } finally {
                goOn(launcher);
            }
            for (int i = 0; i < late.size(); i++) {
                neverStarted(server.api().awaitTask(late.get(i)));
                assertThat(directory.resolve("marker" + i)).doesNotExist();
            }
            // The launcher is none the worse for it.
            server.api().run(Api.argv("true"));
        }
    }

    @Test
    void f42_everythingPausedAndGoingOnInAnyOrderStartsNothingTwice(@TempDir Path directory) throws Exception {
        try (ServerProcess server = ServerProcess.started(directory.resolve("data"), "--max-running", "3")) {
            for (boolean serverFirst : List.of(true, false)) {
                Path place = Files.createDirectory(directory.resolve("server-first-" + serverFirst));
                pausedFor(Duration.ofMillis(2_500), place, server, serverFirst);
            }
        }
    }

    private static void pausedFor(Duration pause, Path place, ServerProcess server, boolean serverFirst)
            throws Exception {
        Api api = server.api();
        Path counted = place.resolve("counted");
        Path waitedFor = place.resolve("waited");
        Path tooLate = place.resolve("late");
        String counting = api.submit(Api.shell("echo started >> '" + counted + "'; sleep 1; echo done"));
        String timed = api.submit(Map.of("exec", Map.of("argv", List.of("sleep", "1000")), "timeout", "1500ms"));
        String blocking = api.submit(Map.of("exec", Map.of("argv", List.of("sleep", "1000")), "timeout", "3s"));
        for (String each : List.of(counting, timed, blocking)) {
            api.awaitRunning(each);
        }
        String expiring = api.submit(touching(tooLate, "1s"));
        String waiting = api.submit(touching(waitedFor, "1h"));
        List<Long> parts = new ArrayList<>(List.of(server.pid()));
        parts.addAll(Proc.programsBelow(server.runtime()));
        for (String run : List.of(counting, timed, blocking)) {
            parts.addAll(Proc.withEnvironment("HUFU_RUN_ID=" + run));
        }
        pause(parts);
        awaitPast(Instant.now().plus(pause));
        if (!serverFirst) {
            Collections.reverse(parts);
        }
        goOn(parts);
        assertThat(Api.state(api.awaitTask(counting))).isEqualTo("SUCCEEDED");
        assertThat(api.stdout(counting)).isEqualTo("done\n");
        assertThat(Api.state(api.awaitTask(timed))).isEqualTo("TIMED_OUT");
        assertThat(Api.state(api.awaitTask(blocking))).isEqualTo("TIMED_OUT");
        neverStarted(api.awaitTask(expiring));
        assertThat(Api.state(api.awaitTask(waiting))).isEqualTo("SUCCEEDED");
        assertThat(tooLate).doesNotExist();
        assertThat(Files.readAllLines(counted)).containsExactly("started");
        assertThat(Files.readAllLines(waitedFor)).containsExactly("started");
        for (String run : List.of(counting, timed, blocking, expiring, waiting)) {
            assertThat(api.task(run).get("attempt").asInt()).isEqualTo(1);
            assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run)).isEmpty();
        }
    }
}
