package dev.hufu.exec;

import static dev.hufu.exec.LauncherFixture.LONG;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.exec.ExitStatus.Exited;
import dev.hufu.exec.ExitStatus.Unknown;
import dev.hufu.exec.LauncherFixture.Outcome;
import dev.hufu.exec.ProcessLauncher.Attachment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every launcher leaves in an attempt's file, and reads out of one that was damaged. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before each test.
public abstract class AttemptFileContract {
    /** Where PROTOCOL.md has the exit record, and how long it is without steps. */
    private static final int RECORD_AT = 4_096;

    private static final int RECORD_SIZE = 16 + 112;

    @TempDir
    Path directory;

    protected ProcessLauncher launcher;
    protected LauncherFixture fixture;

    protected abstract ProcessLauncher newLauncher() throws IOException;

    @BeforeEach
    void start() throws IOException {
        launcher = newLauncher();
        fixture = new LauncherFixture(directory);
    }

    @AfterEach
    void stop() {
        launcher.close();
    }

    @Test
    void f17_whatHasEndedIsFoundByEveryLauncher() throws Exception {
        ProcessSpec spec = fixture.shell("echo out; exit 5")
                .metadata("mine".getBytes(StandardCharsets.UTF_8))
                .build();
        Outcome outcome = fixture.run(launcher, spec);
        launcher.close();
        launcher = newLauncher();

        assertThat(launcher.attach(spec.attemptFile(), Duration.ZERO))
                .isEqualTo(new Attachment.Ended(outcome.result()));
        assertThat(launcher.attach(directory.resolve("nothing"), LONG)).isEqualTo(new Attachment.NeverStarted());
        assertThat(ProcessLaunchers.metadata(spec.attemptFile())).asString().isEqualTo("mine");
        try (OutputReader output = launcher.output(spec.attemptFile())) {
            assertThat(LauncherFixture.kept(output, StreamName.STDOUT))
                    .asString()
                    .isEqualTo("out\n");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(spec.attemptFile())))
                .isEqualTo("rw-------");
        assertThat(Files.exists(Path.of(spec.attemptFile() + ".script"))).isFalse();
    }

    @Test
    void f32_recordCutAtAnyByteIsNeverSuccess() throws Exception {
        Path file = ended();
        for (int size = RECORD_AT + RECORD_SIZE - 1; size >= RECORD_AT; size--) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(size);
            }
            assertThat(statusOf(file)).as("cut to " + size).isEqualTo(new Unknown(Unknown.Why.RECORD_DAMAGED));
        }
    }

    @Test
    void f32_recordWithAnyByteChangedIsNeverSuccess() throws Exception {
        Path file = ended();
        ByteBuffer record = ByteBuffer.allocate(RECORD_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            channel.read(record, RECORD_AT);
            for (int at = 0; at < RECORD_SIZE; at++) {
                byte right = record.get(at);
                for (int wrong : new int[] {right ^ 1, right ^ 0x80, ~right}) {
                    channel.write(ByteBuffer.wrap(new byte[] {(byte) wrong}), RECORD_AT + at);
                    assertThat(statusOf(file))
                            .as("byte " + at + " is " + wrong)
                            .isEqualTo(new Unknown(Unknown.Why.RECORD_DAMAGED));
                }
                channel.write(ByteBuffer.wrap(new byte[] {right}), RECORD_AT + at);
            }
        }
        assertThat(statusOf(file)).isEqualTo(new Exited(0));
    }

    @Test
    void f32_noRecordAtAllIsNeverSuccess() throws Exception {
        Path file = ended();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(RECORD_SIZE), RECORD_AT);
        }

        assertThat(statusOf(file)).isEqualTo(new Unknown(Unknown.Why.RECORD_DAMAGED));
        assertThat(statusOf(Files.createFile(directory.resolve("blank"))))
                .isEqualTo(new Unknown(Unknown.Why.SUPERVISOR_LOST));
    }

    private Path ended() throws Exception {
        ProcessSpec spec = fixture.command("true").build();
        assertThat(fixture.run(launcher, spec).status()).isEqualTo(new Exited(0));
        return spec.attemptFile();
    }

    private ExitStatus statusOf(Path file) throws Exception {
        return ((Attachment.Ended) launcher.attach(file, LONG)).result().status();
    }
}
