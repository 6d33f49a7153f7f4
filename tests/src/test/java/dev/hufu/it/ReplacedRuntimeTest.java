package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** An update of the JDK and of the server under a server that runs. */
final class ReplacedRuntimeTest {
    private static final int LOOK_SECONDS = 2;
    private static final String LINES = "for i in 0 1 2 3 4 5 6 7 8 9; do echo line $i; sleep 1; done; exit 7";
    private static final String OUTPUT =
            "line 0\nline 1\nline 2\nline 3\nline 4\nline 5\nline 6\nline 7\nline 8\nline 9\n";

    private static List<Path> archives(ServerProcess server) {
        List<Path> archives = new ArrayList<>();
        for (String entry : server.classPath().split(File.pathSeparator, -1)) {
            if (entry.endsWith(".jar")) {
                archives.add(Path.of(entry));
            }
        }
        return archives;
    }

    private static void replace(Path file) throws Exception {
        Path next = file.resolveSibling(file.getFileName() + ".new");
        Files.copy(file, next);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static ServerProcess server(Path directory, String policy) throws Exception {
        Path config = Files.writeString(
                directory.resolve("hufu.yaml"),
                "log:\n  level: debug\nruntime:\n  look: " + LOOK_SECONDS + "s\n  onReplaced: " + policy + "\n");
        ServerProcess server = new ServerProcess(directory.resolve("data"));
        server.arguments().addAll(List.of("--config", config.toString()));
        server.copyJava(directory.resolve("java"));
        server.copyClasses(Files.createDirectory(directory.resolve("classes")));
        return server.start();
    }

    @Test
    void f39_filesReplacedUnderAServerAreNoticedAndItDrainsAndTheNextTakesOver(@TempDir Path directory)
            throws Exception {
        try (ServerProcess server = server(directory, "drain")) {
            String run = server.api().submit(Api.shell(LINES));
            JsonNode before = server.api().awaitRunning(run);
            awaitPrepared(server);

            replace(directory.resolve("java/lib/modules"));
            replace(directory.resolve("java/lib/server/libjvm.so"));
            for (Path archive : archives(server)) {
                replace(archive);
            }
            assertThat(server.awaitEnd(Api.PATIENCE)).isEqualTo(75);
            assertThat(log(server))
                    .contains("were replaced or removed")
                    .doesNotContain("NoClassDefFoundError", "\"level\":\"ERROR\"");

            server.start();
            JsonNode task = server.api().awaitTask(run);
            assertThat(task.get("exitCode").asInt()).isEqualTo(7);
            assertThat(task.get("startedAt")).isEqualTo(before.get("startedAt"));
            assertThat(server.api().stdout(run)).isEqualTo(OUTPUT);
        }
    }

    @Test
    void f39_anOperatorWhoWantsToBeWarnedOnlyIsToldAndServed(@TempDir Path directory) throws Exception {
        try (ServerProcess server = server(directory, "warn")) {
            awaitPrepared(server);
            replace(directory.resolve("java/lib/server/libjvm.so"));
            Eventually.holds("it is told", Api.PATIENCE, () -> told(server));
            // Time enough to see that the files stand still.
            Thread.sleep(3 * LOOK_SECONDS * 1_000);
            assertThat(server.running()).isTrue();
            assertThat(Api.state(server.api().run(Api.argv("true")))).isEqualTo("SUCCEEDED");
            assertThat(server.terminate()).isZero();
        }
    }

    /** The first look found all as it was. */
    private static void awaitPrepared(ServerProcess server) throws InterruptedException {
        Eventually.holds("a first look", Api.PATIENCE, () -> log(server).contains("What a stop needs is loaded"));
    }

    private static String log(ServerProcess server) {
        try {
            return Files.readString(server.log(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static boolean told(ServerProcess server) {
        try {
            String metrics = new String(server.api().get("/metrics").response().body(), StandardCharsets.UTF_8);
            return metrics.contains("hufu_runtime_replaced 1")
                    && server.api().get("/readyz").body().has("detail");
        } catch (IOException unreachable) {
            throw new UncheckedIOException(unreachable);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }
}
