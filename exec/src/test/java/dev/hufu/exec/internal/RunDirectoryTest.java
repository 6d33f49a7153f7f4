package dev.hufu.exec.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@SuppressWarnings("NullAway.Init") // JUnit fills the field before each test.
final class RunDirectoryTest {
    private Path parent;

    @BeforeEach
    void make() throws IOException {
        // A short one, whatever the build directory's path.
        parent = Files.createTempDirectory(Path.of("/tmp"), "hufu-test-");
    }

    @AfterEach
    void remove() throws IOException {
        Files.deleteIfExists(parent.resolve("hufu"));
        Files.deleteIfExists(parent);
    }

    @Test
    void isMadePrivate() throws Exception {
        Path made = RunDirectory.prepare(Optional.of(parent.resolve("hufu")), Map.of());

        assertThat(made).isEqualTo(parent.resolve("hufu"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
                .isEqualTo("rwx------");
        assertThat(RunDirectory.prepare(Optional.of(made), Map.of())).isEqualTo(made);
    }

    @Test
    void liesInTheSessionsDirectoryByDefault() throws Exception {
        assertThat(RunDirectory.prepare(Optional.empty(), Map.of("XDG_RUNTIME_DIR", parent.toString())))
                .isEqualTo(parent.resolve("hufu"));
    }

    @Test
    void liesInTmpWhereThereIsNoSession() throws Exception {
        assertThat(RunDirectory.prepare(Optional.empty(), Map.of()).toString()).startsWith("/tmp/hufu-");
        assertThat(RunDirectory.prepare(Optional.empty(), Map.of("XDG_RUNTIME_DIR", "/nonexistent"))
                        .toString())
                .startsWith("/tmp/hufu-");
        String tooLong = parent + "/" + "x".repeat(90);
        assertThat(RunDirectory.prepare(Optional.empty(), Map.of("XDG_RUNTIME_DIR", tooLong))
                        .toString())
                .startsWith("/tmp/hufu-");
    }

    @Test
    void oneOpenToOthersIsRefused() throws Exception {
        Path open = Files.createDirectory(parent.resolve("hufu"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-x---"));

        assertRefused(open, "0700");
    }

    @Test
    void linkOrFileIsRefused() throws Exception {
        assertRefused(Files.createFile(parent.resolve("hufu")), "no directory");
        Files.delete(parent.resolve("hufu"));
        assertRefused(Files.createSymbolicLink(parent.resolve("hufu"), parent), "no directory");
    }

    @Test
    void oneTooLongForSocketsIsRefused() {
        assertRefused(parent.resolve("x".repeat(80)), "too long");
    }

    private static void assertRefused(Path directory, String why) {
        assertThatThrownBy(() -> RunDirectory.prepare(Optional.of(directory), Map.of()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(why);
    }
}
