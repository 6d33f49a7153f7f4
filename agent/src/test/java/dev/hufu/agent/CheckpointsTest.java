package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.TaskId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The directory that attempts of one task share. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before each test.
final class CheckpointsTest {
    private static final TaskId TASK = Samples.attempt(7).task();
    private static final NodeUser NOBODY = new NodeUser("nobody", "65534", "65534", "/nonexistent");

    @TempDir
    private Path folder;

    private NodeUser me;
    private Checkpoints checkpoints;

    @BeforeEach
    void open() {
        me = NodeUser.current();
        checkpoints = new Checkpoints(folder.resolve("own"), folder.resolve("shared"), me);
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
    }

    @Test
    void itIsNamedByTheTaskAloneAndNobodyElses() throws IOException {
        Path directory = checkpoints.prepare(TASK, me);
        assertThat(directory).isEqualTo(folder.resolve("own").resolve(TASK.toString()));
        assertThat(mode(directory)).isEqualTo("rwx------");
        assertThat(mode(folder.resolve("own"))).isEqualTo("rwx------");
        assertThat(folder.resolve("shared")).doesNotExist();
        assertThat(checkpoints.tasks()).containsExactly(TASK);
    }

    @Test
    void aLaterAttemptFindsWhatAnEarlierOneLeft() throws IOException {
        Path first = checkpoints.prepare(TASK, me);
        Files.writeString(first.resolve("state"), "step 3");
        assertThat(checkpoints.prepare(TASK, me).resolve("state")).hasContent("step 3");
    }

    @Test
    void whatIsInItGoesWithItAndNothingElse() throws IOException {
        Path outside = Files.createDirectory(folder.resolve("outside"));
        Files.writeString(outside.resolve("kept"), "");
        Path directory = checkpoints.prepare(TASK, me);
        Files.createDirectories(directory.resolve("a/b/c"));
        Files.writeString(directory.resolve("a/b/file"), "x");
        Files.createSymbolicLink(directory.resolve("a/link"), outside);
        Files.createSymbolicLink(directory.resolve("broken"), Path.of("/no/such/thing"));
        Files.setPosixFilePermissions(directory.resolve("a/b"), PosixFilePermissions.fromString("---------"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("r-x------"));
        TaskId other = Samples.attempt(8).task();
        checkpoints.prepare(other, me);

        checkpoints.remove(TASK);
        checkpoints.remove(TASK);
        assertThat(directory).doesNotExist();
        assertThat(outside.resolve("kept")).exists();
        assertThat(checkpoints.tasks()).containsExactly(other);
    }

    @Test
    void aLinkInItsPlaceIsRefusedAndRemovedWithoutWhatItPointsAt() throws IOException {
        Path outside = Files.createDirectory(folder.resolve("outside"));
        Files.writeString(outside.resolve("kept"), "");
        Files.createDirectory(folder.resolve("own"));
        Files.createSymbolicLink(folder.resolve("own").resolve(TASK.toString()), outside);
        assertThatThrownBy(() -> checkpoints.prepare(TASK, me)).hasMessageContaining("is no directory");
        checkpoints.remove(TASK);
        assertThat(folder.resolve("own").resolve(TASK.toString())).doesNotExist();
        assertThat(outside.resolve("kept")).exists();
    }

    @Test
    void anotherUsersIsThatUsersAloneAndCanBeReached() throws IOException {
        assumeTrue(me.id().equals("0"), "only root gives files away");
        Path directory = checkpoints.prepare(TASK, NOBODY);
        assertThat(directory.getParent()).isEqualTo(folder.resolve("shared"));
        assertThat(mode(directory)).isEqualTo("rwx------");
        assertThat(mode(folder.resolve("shared"))).isEqualTo("rwx--x--x");
        assertThat(Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS))
                .isEqualTo(65_534);
        assertThat(Files.getAttribute(directory, "unix:gid", LinkOption.NOFOLLOW_LINKS))
                .isEqualTo(65_534);
        assertThat(checkpoints.tasks()).containsExactly(TASK);
        checkpoints.remove(TASK);
        assertThat(checkpoints.tasks()).isEmpty();
    }

    @Test
    void aPlaceThatSomebodyElseMayHaveMadeIsNotUsed() throws IOException {
        Files.createDirectory(folder.resolve("shared"));
        Files.setPosixFilePermissions(folder.resolve("shared"), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> checkpoints.prepare(TASK, NOBODY)).hasMessageContaining("not this agent's own");
    }

    @Test
    void anAgentRemovesItWhenTheTaskHasEndedAndKeepsItForTheNextAttempt() throws Exception {
        AttemptId attempt = Samples.attempt(1);
        try (AgentFixture node = new AgentFixture(folder)) {
            node.start();
            node.link.deliver(Samples.start(attempt));
            node.link.awaitStarted(attempt);
            Path directory = Path.of(node.process(attempt).spec().environment().get("HUFU_CHECKPOINT_DIR"));
            assertThat(directory).isDirectory();
            node.link.deliver(new ServerMessage.TaskEnded(attempt.task()));
            node.process(attempt).exit(1);
            node.link.awaitEnded(attempt);
            node.link.deliver(new ServerMessage.Acknowledged(attempt));
            assertThat(directory).as("another attempt may come").isDirectory();

            AttemptId next = new AttemptId(attempt.task(), 2);
            node.link.deliver(Samples.start(next));
            node.link.awaitStarted(next);
            assertThat(node.process(next).spec().environment())
                    .containsEntry("HUFU_CHECKPOINT_DIR", directory.toString());
            node.process(next).exit(0);
            node.link.awaitEnded(next);
            node.link.deliver(new ServerMessage.Acknowledged(next, true));
            Conditions.await(() -> Files.notExists(directory));
        }
    }

    @Test
    void whatWasLeftIsToldAfterTheGreetingAndGoesWhenTheServerSaysSo() throws Exception {
        AttemptId attempt = Samples.attempt(1);
        Path left = Files.createDirectories(
                folder.resolve("checkpoints").resolve(attempt.task().toString()));
        try (AgentFixture node = new AgentFixture(folder)) {
            node.start();
            node.link.await(message ->
                    message instanceof AgentMessage.Keeps keeps && keeps.tasks().equals(List.of(attempt.task())));
            node.link.deliver(new ServerMessage.TaskEnded(attempt.task()));
            Conditions.await(() -> Files.notExists(left));
        }
    }
}
