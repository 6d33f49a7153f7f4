package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.protocol.AttemptId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AttemptFilesTest {
    private static final AttemptId ATTEMPT = Samples.attempt(12, 3);

    @TempDir
    private Path data;

    private AttemptFiles files = new AttemptFiles(Path.of("/"));

    @BeforeEach
    void makeFiles() {
        files = new AttemptFiles(data);
    }

    @Test
    void aClaimIsReadAsItWasMade() throws Exception {
        assertThat(files.claimed(ATTEMPT)).isEmpty();
        assertThat(files.claim(ATTEMPT, Samples.outcome(1))).isTrue();
        assertThat(files.claimed(ATTEMPT)).contains(Samples.outcome(1));
        assertThat(files.claim(ATTEMPT, Samples.outcome(2))).isFalse();
        assertThat(files.claimed(ATTEMPT)).contains(Samples.outcome(1));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(files.path(ATTEMPT))))
                .isEqualTo("rw-------");
        try (var names = Files.list(files.path(ATTEMPT).getParent())) {
            assertThat(names).as("nothing else is left").containsExactly(files.path(ATTEMPT));
        }
    }

    @Test
    void aLaunchedAttemptIsNotClaimed() throws Exception {
        files.prepareDirectory(ATTEMPT);
        Files.write(files.path(ATTEMPT), new byte[100_000]);
        assertThat(files.claim(ATTEMPT, Samples.outcome(1))).isFalse();
        assertThat(files.claimed(ATTEMPT)).isEmpty();
        Files.write(files.path(ATTEMPT), new byte[3]);
        assertThat(files.claimed(ATTEMPT)).isEmpty();
    }

    @Test
    void aDamagedClaimIsNoOutcome() throws Exception {
        files.claim(ATTEMPT, Samples.outcome(1));
        byte[] claim = Files.readAllBytes(files.path(ATTEMPT));
        Files.write(files.path(ATTEMPT), java.util.Arrays.copyOf(claim, claim.length - 1));
        assertThatThrownBy(() -> files.claimed(ATTEMPT))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("damaged");
    }
}
