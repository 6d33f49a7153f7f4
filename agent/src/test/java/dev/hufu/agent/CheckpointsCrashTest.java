package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.TaskId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a task's attempts shared, where the process that removes it is killed in the middle. */
final class CheckpointsCrashTest {
    private static final int DIRECTORIES = 100;
    private static final int FILES = 40;

    /** A process that removes the directory of one task, as an agent does. */
    static final class Remover {
        private Remover() {}

        public static void main(String[] words) throws IOException {
            Checkpoints.of(Path.of(words[0]), NodeUser.current())
                    .remove(TaskId.parse(words[1]).orElseThrow());
        }
    }

    private static void fill(Path directory, Path outside) throws IOException {
        for (int i = 0; i < DIRECTORIES; i++) {
            Path inner = Files.createDirectories(directory.resolve("d" + i).resolve("deep"));
            for (int k = 0; k < FILES; k++) {
                Files.createFile(inner.resolve("f" + k));
            }
            Files.createSymbolicLink(inner.resolve("link"), outside);
            Files.createSymbolicLink(directory.resolve("d" + i).resolve("up"), Path.of(".."));
        }
        Files.setPosixFilePermissions(directory.resolve("d0/deep"), PosixFilePermissions.fromString("---------"));
    }

    private static long entries(Path directory) {
        // By the system, which can look into what is removed meanwhile.
        String[] names = directory.toFile().list();
        return names == null ? 0 : names.length;
    }

    /** True: it was killed when it had begun and had not ended. */
    private static boolean killedInTheMiddle(Path data, TaskId task, Path directory) throws Exception {
        long before = entries(directory);
        Process remover = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Remover.class.getName(),
                        data.toString(),
                        task.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        while (entries(directory) == before && remover.isAlive()) {
            Thread.onSpinWait();
        }
        remover.destroyForcibly();
        assertThat(remover.waitFor(Duration.ofSeconds(30).toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        long after = entries(directory);
        return after > 0 && after < before;
    }

    @Test
    void aRemovalThatWasKilledInTheMiddleIsFinishedByTheNextAgentAndTouchesNothingElse(@TempDir Path data)
            throws Exception {
        Path outside = Files.createDirectory(data.resolve("outside"));
        Files.writeString(outside.resolve("kept"), "kept");
        AttemptId over = Samples.attempt(1);
        AttemptId alive = Samples.attempt(2);
        Path directory = Files.createDirectories(
                data.resolve("checkpoints").resolve(over.task().toString()));
        fill(directory, outside);

        assertThat(killedInTheMiddle(data, over.task(), directory)).isTrue();
        assertThat(killedInTheMiddle(data, over.task(), directory)).isTrue();

        try (AgentFixture node = new AgentFixture(data)) {
            node.start();
            node.link.deliver(Samples.start(alive));
            node.link.awaitStarted(alive);
            Path used = Path.of(node.process(alive).spec().environment().get("HUFU_CHECKPOINT_DIR"));
            Files.writeString(used.resolve("state"), "step 3");
            node.kill();

            node.start();
            node.link.await(message -> message instanceof AgentMessage.Keeps keeps
                    && List.copyOf(keeps.tasks()).contains(over.task()));
            node.link.deliver(new ServerMessage.TaskEnded(over.task()));
            Conditions.await(() -> Files.notExists(directory));
            assertThat(used.resolve("state")).hasContent("step 3");
            node.process(alive).exit(0);
        }
        assertThat(outside.resolve("kept")).hasContent("kept");
        try (Stream<Path> left = Files.list(data.resolve("checkpoints"))) {
            assertThat(left.map(Path::getFileName).map(Path::toString))
                    .containsExactly(alive.task().toString());
        }
    }
}
