package dev.hufu.exec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.exec.Isolation.CgroupKind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Daemons that go on escaping, in every way there is, while they are being killed. */
@SuppressWarnings("NullAway.Init") // JUnit fills the field before each test.
final class NativeEscapeTest {
    /** By double fork, by setsid, and by both, over and over. */
    private static final String ESCAPING = """
            echo ready
            while :; do
                (sleep 300 &) &
                setsid sleep 300 &
                (setsid sh -c 'sleep 300 & exit' &) &
            done
            """;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void f24_b36_whatEscapesInTheMiddleOfAKillIsKilled(CgroupKind kind) throws Exception {
        escape(kind, 20);
    }

    /** On a machine with three of the kinds a thousand times together. */
    @Tag("long")
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    @ParameterizedTest
    @EnumSource
    void f24_b36_noneOfAThousandTimesIsAnyLeft(CgroupKind kind) throws Exception {
        escape(kind, 334);
    }

    private void escape(CgroupKind kind, int times) throws Exception {
        LauncherFixture fixture = new LauncherFixture(directory);
        Process canary = new ProcessBuilder("sleep", "300").start();
        try (ProcessLauncher launcher = CgroupFixture.launcher(
                LauncherConfig.defaults().withCgroups(kind).withCgroupForEach(true))) {
            for (int turn = 0; turn < times; turn++) {
                // Should this test be broken off, they do not go on for ever.
                ProcessSpec spec =
                        fixture.shell(ESCAPING).timeout(Duration.ofSeconds(30)).build();
                try (RunningProcess process = launcher.launch(spec)) {
                    LauncherFixture.awaitOutput(process, "ready");
                    process.stop(StopPolicy.requested(Duration.ofMillis(turn % 3)));
                    ProcessResult result = LauncherFixture.end(process);

                    assertThat(result.stopCause()).isEqualTo(StopCause.REQUESTED);
                    assertThat(carrying(spec.marker())).as("turn " + turn).isEmpty();
                    assertThat(CgroupFixture.groupsOf(spec.attemptFile())).noneMatch(Files::exists);
                }
            }
            assertThat(canary.isAlive()).isTrue();
        } finally {
            canary.destroyForcibly().waitFor();
        }
    }

    /** Zombies have no environment. */
    private static List<Path> carrying(String marker) throws IOException {
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            return processes
                    .filter(path -> path.getFileName().toString().matches("\\d+"))
                    .filter(path -> environment(path).contains(marker + "\0"))
                    .toList();
        }
    }

    private static String environment(Path process) {
        try {
            return Files.readString(process.resolve("environ"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            // It ended meanwhile, or belongs to somebody else.
            return "";
        }
    }
}
