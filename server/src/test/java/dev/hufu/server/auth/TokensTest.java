package dev.hufu.server.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TokensTest {
    @TempDir
    private Path data;

    @Test
    void theFirstStartMakesATokenForTheOwnerOnly() throws IOException {
        Tokens tokens = Tokens.open(data);
        Path file = data.resolve(Tokens.FILE_NAME);
        assertThat(tokens.file()).isEqualTo(file);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        String token = Files.readString(file).strip();
        assertThat(token).matches("[A-Za-z0-9_-]{43}");
        assertThat(tokens.caller(token)).hasValueSatisfying(caller -> {
            assertThat(caller.name()).isEqualTo("admin");
            assertThat(caller.permissions()).contains(Permission.values());
        });
        try (var files = Files.list(data)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void laterStartsKeepIt() throws IOException {
        Tokens.open(data);
        String token = Files.readString(data.resolve(Tokens.FILE_NAME)).strip();
        assertThat(Tokens.open(data).caller(token)).isPresent();
    }

    @Test
    void anotherDirectoryHasAnotherToken(@TempDir Path other) throws IOException {
        Tokens.open(other);
        String foreign = Files.readString(other.resolve(Tokens.FILE_NAME)).strip();
        assertThat(Tokens.open(data).caller(foreign)).isEmpty();
    }

    @Test
    void b50_aPrefixOrAnotherCaseIsNoToken() throws IOException {
        Tokens tokens = Tokens.open(data);
        String token = Files.readString(tokens.file()).strip();
        assertThat(tokens.caller(token.substring(0, 42))).isEmpty();
        assertThat(tokens.caller(token + "A")).isEmpty();
        assertThat(tokens.caller("")).isEmpty();
    }

    @Test
    void aFileThatOthersCanReadIsRefused() throws IOException {
        Path file = Tokens.open(data).file();
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        assertThatThrownBy(() -> Tokens.open(data))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("rw-r-----")
                .hasMessageContaining("chmod 600");
    }

    @Test
    void aFileThatHoldsNoTokenOrIsALinkIsRefused(@TempDir Path elsewhere) throws IOException {
        Path file = Tokens.open(data).file();
        Files.writeString(file, "short\n");
        assertThatThrownBy(() -> Tokens.open(data)).hasMessageContaining("does not hold a token");
        Files.delete(file);
        Files.createSymbolicLink(file, elsewhere.resolve("target"));
        assertThatThrownBy(() -> Tokens.open(data)).hasMessageContaining("not a regular file");
    }
}
