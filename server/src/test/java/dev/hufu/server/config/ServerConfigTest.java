package dev.hufu.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.RunSpec;
import dev.hufu.server.config.ServerConfig.Options;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.assertj.core.api.Assertions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is given on the command line and in the environment; defaults of every record. */
final class ServerConfigTest {
    private static final Map<String, String> HOME = Map.of("HOME", "/home/someone");

    private static Options data(@Nullable String data) {
        return new Options(null, data, null, null, null, null, null, null, null, null, null);
    }

    private static Options listen(@Nullable String listen) {
        return new Options(null, "/d", listen, null, null, null, null, null, null, null, null);
    }

    private static InvalidConfigException refused(Options options) {
        return Assertions.catchThrowableOfType(InvalidConfigException.class, () -> ServerConfig.of(options, HOME));
    }

    @Test
    void defaults() {
        assertThat(ServerConfig.of(Options.NONE, HOME))
                .isEqualTo(new ServerConfig(
                        Path.of("/home/someone/.local/share/hufu"),
                        new ListenConfig(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 7433),
                                Duration.ofSeconds(30),
                                null),
                        new ExecutionConfig(
                                1_000,
                                2 * Runtime.getRuntime().availableProcessors(),
                                false,
                                Set.of(),
                                1L << 30,
                                Set.of(),
                                RunSpec.Resources.NONE,
                                RunSpec.Resources.NONE,
                                Set.of()),
                        new QueueConfig(100_000, 1_000),
                        new LimitsConfig(1 << 20, 16 << 20),
                        new StoreConfig(8 << 20, null),
                        new AuditConfig(new CheckpointConfig(1_000, Duration.ofMinutes(1), null, null, null)),
                        new LogConfig(LogConfig.Format.AUTO, LogConfig.Level.INFO, Map.of()),
                        new RuntimeConfig(RuntimeConfig.OnReplaced.DRAIN, Duration.ofMinutes(1)),
                        Duration.ofSeconds(10)));
    }

    @Test
    void everyOption() {
        Options options = new Options(
                null,
                "/data dir/ü",
                "127.0.0.1:0",
                "5",
                "7",
                "1m",
                "/tls/c.pem",
                "/tls/k.pem",
                "text",
                "debug",
                "postgresql://hufu@db.example:6543/runs?sslmode=verify-full&schema=one");
        ServerConfig config = ServerConfig.of(options, HOME);
        assertThat(config.data()).isEqualTo(Path.of("/data dir/ü"));
        assertThat(config.store().database())
                .isEqualTo(new DatabaseConfig(
                        "db.example", 6543, "runs", "hufu", Map.of("sslmode", "verify-full", "schema", "one"), null));
        assertThat(config.listen().address().getPort()).isZero();
        assertThat(config.listen().address().getAddress().getHostAddress()).isEqualTo("127.0.0.1");
        assertThat(config.listen().tls())
                .isEqualTo(new TlsConfig(
                        Path.of("/tls/c.pem"), Path.of("/tls/k.pem"), Duration.ofSeconds(10), Duration.ofDays(14)));
        assertThat(config.execution().maxRunning()).isEqualTo(5);
        assertThat(config.queue().capacity()).isEqualTo(7);
        assertThat(config.drain()).isEqualTo(Duration.ofMinutes(1));
        assertThat(config.log().format()).isEqualTo(LogConfig.Format.TEXT);
        assertThat(config.log().level()).isEqualTo(LogConfig.Level.DEBUG);
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
        assertThat(ServerConfig.of(listen("[::1]:8080"), HOME)
                        .listen()
                        .address()
                        .getAddress()
                        .isLoopbackAddress())
                .isTrue();
    }

    @Test
    void everyProblemOfTheCommandLineIsNamedAtOnce() {
        InvalidConfigException invalid = refused(new Options(
                null, "", "nowhere", "0", "-1", "soon", "/only-a-certificate", null, "xml", "chatty", null));
        assertThat(invalid.usage()).isTrue();
        assertThat(invalid.problems())
                .containsExactlyInAnyOrder(
                        "--data must be a path, not ",
                        "--listen must be HOST:PORT, as in 127.0.0.1:7433, not nowhere",
                        "--max-running must be a whole number, 1 to 100000, not 0",
                        "--queue must be a whole number, 1 to 100000000, not -1",
                        "--drain must be a duration such as 30s, 0d to 1h, not soon",
                        "--tls-cert is given without its key",
                        "--log-format must be one of auto, json, text, not xml",
                        "--log-level must be one of error, warn, info, debug, not chatty");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "7433",
                ":7433",
                "127.0.0.1",
                "127.0.0.1:",
                "127.0.0.1:65536",
                "127.0.0.1:-1",
                "127.0.0.1:x",
                "::1"
            })
    void addressesThatAreNone(String listen) {
        assertThat(refused(listen(listen)).problems())
                .singleElement()
                .asString()
                .startsWith("--listen ");
    }

    @Test
    void aHostThatIsNotKnownIsNamed() {
        assertThat(refused(listen("nowhere.invalid:1")).problems())
                .containsExactly("--listen names a host that is not known: nowhere.invalid");
    }
}
