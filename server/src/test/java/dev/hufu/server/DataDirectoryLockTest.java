package dev.hufu.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DataDirectoryLockTest {
    @TempDir
    Path directory;

    @Test
    void theSecondServerIsRefusedNamingTheFirst() throws IOException {
        Path data = directory.resolve("a b ñ").resolve("data");
        try (DataDirectoryLock _ = DataDirectoryLock.acquire(data)) {
            assertThat(Files.readString(data.resolve("server.pid")))
                    .isEqualTo(ProcessHandle.current().pid() + "\n");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
                    .isEqualTo("rwx------");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("server.pid"))))
                    .isEqualTo("rw-------");
            assertThatThrownBy(() -> DataDirectoryLock.acquire(data))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("process " + ProcessHandle.current().pid() + ",");
        }
        DataDirectoryLock.acquire(data).close();
    }

    @Test
    void whatIsNoDirectoryIsRefusedWithItsName() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        assertThatThrownBy(() -> DataDirectoryLock.acquire(file))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining(file.toString());
    }
}
