package dev.hufu.server.store.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

@ResourceLock(Resources.SYSTEM_PROPERTIES)
final class NativeLibraryTest {
    private static final String PROPERTY = "org.sqlite.lib.path";

    @TempDir
    private Path directory;

    private String before = "";

    @BeforeEach
    void forget() {
        before = System.getProperty(PROPERTY, "");
        System.clearProperty(PROPERTY);
    }

    @AfterEach
    void restore() {
        if (before.isEmpty()) {
            System.clearProperty(PROPERTY);
        } else {
            System.setProperty(PROPERTY, before);
        }
    }

    private List<Path> kept() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void itIsUnpackedOnceForTheOwnerOnly() throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        NativeLibrary.keepIn(directory);
        assertThat(kept()).singleElement().satisfies(file -> {
            assertThat(Files.size(file)).isGreaterThan(500_000);
            assertThat(System.getProperty(PROPERTY)).isEqualTo(String.valueOf(file.getParent()));
            Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
        });
        System.clearProperty(PROPERTY);
        NativeLibrary.keepIn(directory);
        assertThat(Files.getLastModifiedTime(kept().getFirst()).toInstant()).isEqualTo(Instant.EPOCH);
    }

    @Test
    void nothingIsKeptWhereOthersMayWrite() throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwx---"));
        NativeLibrary.keepIn(directory);
        assertThat(kept()).isEmpty();
        assertThat(System.getProperty(PROPERTY)).isNull();
    }

    @Test
    void whatTheOperatorSaysStands() throws IOException {
        System.setProperty(PROPERTY, "/somewhere");
        NativeLibrary.keepIn(directory);
        assertThat(kept()).isEmpty();
        assertThat(System.getProperty(PROPERTY)).isEqualTo("/somewhere");
    }
}
