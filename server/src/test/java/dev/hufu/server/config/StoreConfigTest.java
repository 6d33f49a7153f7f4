package dev.hufu.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class StoreConfigTest {
    @TempDir
    private Path directory = Path.of("");

    private ServerConfig read(String content) throws IOException {
        Path file = Files.writeString(directory.resolve("hufu.yaml"), content);
        return ServerConfig.of(
                new ServerConfig.Options(file.toString(), "/d", null, null, null, null, null, null, null, null, null),
                Map.of("HOME", "/h"));
    }

    @Test
    void aDatabaseAndItsPasswordFile() throws IOException {
        ServerConfig config = read("store:\n  url: postgres://hufu@[::1]/runs\n  passwordFile: secret\n");
        assertThat(config.store().database())
                .isEqualTo(new DatabaseConfig("::1", 5432, "runs", "hufu", Map.of(), directory.resolve("secret")));
    }

    @Test
    void aReserve() throws IOException {
        assertThat(read("store:\n  reserve: 1MiB\n").store()).isEqualTo(new StoreConfig(1 << 20, null));
    }

    @ParameterizedTest
    @CsvSource({
        "postgresql://hufu:geheim@db/runs, must have no password",
        "postgresql://hufu:geheim@db:99999/runs, must have no password",
        "mysql://hufu:geheim@db/runs, must begin with postgresql://",
        "postgresql://db/runs, must name user and host",
        "postgresql://hufu@db, must name one database",
        "postgresql://hufu@db/a/b, must name one database",
        "postgresql://hufu@db:0/a, must have a port",
        "postgresql://hufu@db/a?password=geheim, none of sslmode",
        "postgresql://hufu@db/a?sslmode=no, a parameter sslmode",
        "postgresql://hufu@db/a b?geheim, must be as in",
    })
    void whatIsWrongWithAnAddressIsToldWithoutItsSecrets(String address, String message) {
        assertThatThrownBy(() -> read("store:\n  url: '" + address + "'\n"))
                .isInstanceOfSatisfying(
                        InvalidConfigException.class,
                        invalid -> assertThat(invalid.problems())
                                .singleElement()
                                .satisfies(problem -> assertThat(problem)
                                        .contains("store.url")
                                        .contains(message)
                                        .doesNotContain("geheim")));
    }

    @Test
    void whatIsOfTheOtherStoreIsRefused() {
        assertThatThrownBy(() -> read("store:\n  url: postgresql://hufu@db/runs\n  reserve: 1MiB\n"))
                .isInstanceOfSatisfying(
                        InvalidConfigException.class,
                        invalid -> assertThat(invalid.problems())
                                .singleElement()
                                .satisfies(
                                        problem -> assertThat(problem).contains("store.reserve is for SQLite only")));
        assertThatThrownBy(() -> read("store:\n  passwordFile: secret\n"))
                .isInstanceOfSatisfying(
                        InvalidConfigException.class,
                        invalid -> assertThat(invalid.problems())
                                .singleElement()
                                .satisfies(problem -> assertThat(problem).contains("store.passwordFile")));
    }
}
