package dev.hufu.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.server.ServerConfig.Options;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ServerConfigTest {
    private static final Map<String, String> HOME = Map.of("HOME", "/home/someone");

    private static Options data(@Nullable String data) {
        return new Options(data, null, null, null, null);
    }

    @Test
    void defaults() {
        assertThat(ServerConfig.of(data(null), HOME))
                .isEqualTo(new ServerConfig(
                        Path.of("/home/someone/.local/share/hufu"),
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 7433),
                        1_000,
                        100_000,
                        Duration.ofSeconds(10)));
    }

    @Test
    void everyOption() {
        Options options = new Options("/data dir/ü", "127.0.0.1:0", "5", "7", "1m");
        ServerConfig config = ServerConfig.of(options, HOME);
        assertThat(config.data()).isEqualTo(Path.of("/data dir/ü"));
        assertThat(config.listen().getPort()).isZero();
        assertThat(config.listen().getAddress().getHostAddress()).isEqualTo("127.0.0.1");
        assertThat(config.maxRunning()).isEqualTo(5);
        assertThat(config.maxPending()).isEqualTo(7);
        assertThat(config.drain()).isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void theDataDirectoryIsFound() {
        Map<String, String> all = Map.of("HOME", "/h", "HUFU_DATA", "/hufu", "XDG_DATA_HOME", "/xdg");
        assertThat(ServerConfig.of(data("/given"), all).data()).isEqualTo(Path.of("/given"));
        assertThat(ServerConfig.of(data(null), all).data()).isEqualTo(Path.of("/hufu"));
        assertThat(ServerConfig.of(data(null), Map.of("HOME", "/h", "XDG_DATA_HOME", "/xdg"))
                        .data())
                .isEqualTo(Path.of("/xdg/hufu"));
        assertThat(ServerConfig.of(data(null), Map.of("HOME", "/h", "XDG_DATA_HOME", "relative", "HUFU_DATA", ""))
                        .data())
                .isEqualTo(Path.of("/h/.local/share/hufu"));
        assertThat(ServerConfig.of(data("relative"), HOME).data()).isAbsolute();
    }

    @Test
    void ipv6() {
        Options options = new Options("/d", "[::1]:8080", null, null, null);
        assertThat(ServerConfig.of(options, HOME).listen().getAddress().isLoopbackAddress())
                .isTrue();
    }

    @Test
    void everyProblemIsNamedAtOnce() {
        Options options = new Options("", "nowhere", "0", "-1", "soon");
        InvalidConfigException invalid =
                Assertions.catchThrowableOfType(InvalidConfigException.class, () -> ServerConfig.of(options, HOME));
        assertThat(invalid.problems()).hasSize(5);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "7433", ":7433", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:x"
            })
    void addressesThatAreNone(String listen) {
        Options options = new Options("/d", listen, null, null, null);
        InvalidConfigException invalid =
                Assertions.catchThrowableOfType(InvalidConfigException.class, () -> ServerConfig.of(options, HOME));
        assertThat(invalid.problems()).singleElement().asString().startsWith("--listen ");
    }
}
