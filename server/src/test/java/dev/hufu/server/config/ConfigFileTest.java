package dev.hufu.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.RunSpec;
import dev.hufu.server.config.LogConfig.Level;
import dev.hufu.server.config.ServerConfig.Options;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.api.Assertions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class ConfigFileTest {
    private static final Map<String, String> HOME = Map.of("HOME", "/home/someone");

    private static final String EVERY_KEY = """
            data: state
            drain: 1m
            listen:
              address: 127.0.0.2:8443
              idleTimeout: 45s
              tls:
                certificate: tls/server.pem
                key: /secret/server.key
                reload: 1m
                warnBefore: 30d
            execution:
              maxRunning: 12
              maxStarting: 3
              allowPrivilegeGain: true
              allowedEnvironment: [LD_PRELOAD, ENV]
              largestOutput: 4GiB
              users: [nobody, "1000:1000"]
              keepCapabilities: [CAP_NET_RAW]
              defaultLimits:
                memory: 256MiB
                cpu: 0.5
                pids: 64
                files: 1024
              largestLimits:
                memory: 1GiB
                cpu: 4
                pids: 1000
                files: 4096
            queue:
              capacity: 500
              heldRefusals: 0
            limits:
              body: 2MiB
              bodiesAtOnce: 8388608
            store:
              # reserve: is refused beside url
              url: postgresql://hufu@db/runs
              passwordFile: /secret
            audit:
              checkpoint:
                every: 50
                interval: 5s
                file: signed.jsonl
                webhook: https://watch.example.org/hufu?to=audit
                syslog: tcp://log.example.org:6514
            log:
              format: json
              level: warn
              levels:
                dev.hufu.server.http: debug
            runtime:
              onReplaced: warn
              look: 30s
            """;

    @TempDir
    Path directory;

    private Path file() {
        return directory.resolve("hufu.yaml");
    }

    private static Options options(@Nullable String config) {
        return new Options(config, null, null, null, null, null, null, null, null, null, null);
    }

    private static InetSocketAddress address(int last, int port) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last}), port);
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private ServerConfig read(String yaml) throws IOException {
        Files.writeString(file(), yaml);
        return ServerConfig.of(options(file().toString()), HOME);
    }

    /** Without the file's name, which each begins with. */
    private List<String> problems(String yaml) {
        InvalidConfigException invalid =
                Assertions.catchThrowableOfType(InvalidConfigException.class, () -> read(yaml));
        assertThat(invalid).as(yaml).isNotNull();
        assertThat(invalid.usage()).isFalse();
        return invalid.problems().stream()
                .map(problem -> {
                    assertThat(problem).startsWith(file() + ":");
                    return problem.substring(file().toString().length() + 1);
                })
                .toList();
    }

    @Test
    void everyKeyArrives() throws IOException {
        assertThat(read(EVERY_KEY))
                .isEqualTo(new ServerConfig(
                        directory.resolve("state"),
                        new ListenConfig(
                                address(2, 8443),
                                Duration.ofSeconds(45),
                                new TlsConfig(
                                        directory.resolve("tls/server.pem"),
                                        Path.of("/secret/server.key"),
                                        Duration.ofMinutes(1),
                                        Duration.ofDays(30))),
                        new ExecutionConfig(
                                12,
                                3,
                                true,
                                Set.of("LD_PRELOAD", "ENV"),
                                4L << 30,
                                Set.of("nobody", "1000:1000"),
                                new RunSpec.Resources(256L << 20, 0.5, 64, 1_024),
                                new RunSpec.Resources(1L << 30, 4.0, 1_000, 4_096),
                                Set.of("CAP_NET_RAW")),
                        new QueueConfig(500, 0),
                        new LimitsConfig(2 << 20, 8 << 20),
                        new StoreConfig(
                                8 << 20, new DatabaseConfig("db", 5432, "runs", "hufu", Map.of(), Path.of("/secret"))),
                        new AuditConfig(new CheckpointConfig(
                                50,
                                Duration.ofSeconds(5),
                                directory.resolve("signed.jsonl"),
                                URI.create("https://watch.example.org/hufu?to=audit"),
                                new CheckpointConfig.Syslog(true, "log.example.org", 6514))),
                        new LogConfig(LogConfig.Format.JSON, Level.WARN, Map.of("dev.hufu.server.http", Level.DEBUG)),
                        new RuntimeConfig(RuntimeConfig.OnReplaced.WARN, Duration.ofSeconds(30)),
                        Duration.ofMinutes(1)));
    }

    /** So that a key which is added is added to the test above too. */
    @Test
    void theMappingTestNamesEveryKey() throws IOException {
        for (String key : ServerConfig.keys()) {
            assertThat(EVERY_KEY).contains(key.substring(key.lastIndexOf('.') + 1) + ":");
        }
    }

    @Test
    void anEmptyFileIsEveryDefault() throws IOException {
        ServerConfig defaults = ServerConfig.of(Options.NONE, HOME);
        assertThat(read("")).isEqualTo(defaults);
        assertThat(read("# nothing but words\n---\n")).isEqualTo(defaults);
        assertThat(read("limits:\n  body: 1MiB\n")).isEqualTo(defaults);
    }

    @Test
    void theCommandLineGoesBeforeTheFileAndTheFileBeforeTheEnvironment() throws IOException {
        Files.writeString(file(), EVERY_KEY);
        ServerConfig config = ServerConfig.of(
                new Options(
                        file().toString(), "/given", "127.0.0.1:1", "7", "8", "9s", "/c", "/k", "text", "error", null),
                HOME);
        assertThat(config.data()).isEqualTo(Path.of("/given"));
        assertThat(config.listen().address()).isEqualTo(address(1, 1));
        assertThat(config.listen().idleTimeout()).isEqualTo(Duration.ofSeconds(45));
        assertThat(config.listen().tls())
                .isEqualTo(new TlsConfig(Path.of("/c"), Path.of("/k"), Duration.ofMinutes(1), Duration.ofDays(30)));
        assertThat(config.execution().maxRunning()).isEqualTo(7);
        assertThat(config.execution().maxStarting()).isEqualTo(3);
        assertThat(config.queue()).isEqualTo(new QueueConfig(8, 0));
        assertThat(config.drain()).isEqualTo(Duration.ofSeconds(9));
        assertThat(config.log().format()).isEqualTo(LogConfig.Format.TEXT);
        assertThat(config.log().level()).isEqualTo(Level.ERROR);
        assertThat(ServerConfig.of(options(file().toString()), Map.of("HUFU_DATA", "/environment"))
                        .data())
                .isEqualTo(directory.resolve("state"));
    }

    @Test
    void everyProblemIsToldAtOnceWithItsPlace() {
        assertThat(problems("""
                        listne: 1
                        listen:
                          address: 7433
                          idleTimeout: 30
                          tls:
                            key: server.key
                        execution:
                          maxRunning: many
                          maxRunning: 3
                          allowPrivilegeGain: "yes"
                          allowedEnvironment: [OK, 7, "A=B"]
                        queue: 500
                        data: 2026
                        limits:
                          body: 100
                          bodiesAtOnce:
                        log: {level: loud, levels: {org.eclipse.jetty: debug, dev.hufu: loud}}
                        drain: 2h
                        """))
                .containsExactly(
                        "1:1: listne is not a key; the keys here are"
                                + " audit, data, drain, execution, limits, listen, log, queue, runtime, store",
                        "3:12: listen.address must be HOST:PORT, as in 127.0.0.1:7433, not 7433",
                        "4:16: listen.idleTimeout must be a duration such as 30s, 1s to 1h, not 30",
                        "6:10: listen.tls.key is given without its certificate",
                        "8:15: execution.maxRunning must be a whole number, 1 to 100000, not many",
                        "9:3: execution.maxRunning occurs twice; the first is in line 8",
                        "10:23: execution.allowPrivilegeGain must be true or false, not yes",
                        "11:28: execution.allowedEnvironment must be a list of texts",
                        "11:31: execution.allowedEnvironment holds A=B, which is no name of a variable",
                        "12:8: queue must be a mapping of keys to values",
                        "13:7: data must be a path, not 2026"
                                + " (which YAML takes for a number or a truth value; quote it)",
                        "15:9: limits.body must be a size such as 64KiB or 16MiB, 1024 to 67108864 bytes, not 100",
                        "16:16: limits.bodiesAtOnce has no value; it must be a size such as 64KiB or 16MiB,"
                                + " 1024 to 17179869184 bytes",
                        "17:14: log.level must be one of error, warn, info, debug, not loud",
                        "17:29: log.levels.org.eclipse.jetty is no logger of this program: dev.hufu…",
                        "17:65: log.levels.dev.hufu must be one of error, warn, info, debug, not loud",
                        "18:8: drain must be a duration such as 30s, 0d to 1h, not 2h");
    }

    @Test
    void whatExpandsIsRefused() {
        StringBuilder laughs = new StringBuilder("a: &a [x, x, x, x, x, x, x, x, x]\n");
        for (char each = 'b'; each <= 'i'; each++) {
            char before = (char) (each - 1);
            laughs.append(each)
                    .append(": &")
                    .append(each)
                    .append(" [*")
                    .append(before)
                    .append(", *")
                    .append(before);
            laughs.append("]\n");
        }
        List<String> told = problems(laughs.toString());
        assertThat(told).contains("1:4: a has an anchor, which is not allowed here");
        assertThat(told).contains("2:8: b[0] uses an alias, which is not allowed here");
        assertThat(problems("queue: &q {capacity: 5}\nlimits: *q\n"))
                .contains(
                        "1:8: queue has an anchor, which is not allowed here",
                        "2:9: limits uses an alias, which is not allowed here");
        assertThat(problems("queue:\n  <<: {capacity: 5}\n"))
                .singleElement()
                .asString()
                .startsWith("2:3: queue.<< is not a key");
        assertThat(problems("queue: !!java.net.URL {capacity: 5}\n"))
                .contains("1:8: queue has a tag, which is not allowed here");
    }

    @Test
    void oneDocumentOnly() {
        assertThat(problems("drain: 3h\n---\ndrain: 2s\n"))
                .containsExactly(
                        "1:8: drain must be a duration such as 30s, 0d to 1h, not 3h",
                        "3:1: there must be one document only; a second one begins here");
    }

    @Test
    void whatComesBeforeAMistakeOfFormIsLookedAtToo() {
        assertThat(problems("drain: 3h\nqueue:\n\tcapacity: 5\n"))
                .satisfiesExactly(
                        first -> assertThat(first).startsWith("1:8: drain must be"),
                        second -> assertThat(second)
                                .startsWith("3:1: is not YAML: ")
                                .contains("TAB"));
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            'a: [1', '1:', ''
            'a: "x', '1:', ''
            '- a', '1:1', 'must be a mapping'
            'just words', '1:1', 'must be a mapping'
            '{}: {}: x', '1:', ''
            '? [a]', '1:', ''
            """)
    void formsThatAreNone(String yaml, String place, String what) {
        assertThat(problems(yaml))
                .anySatisfy(problem -> assertThat(problem).startsWith(place).contains(what));
    }

    @Test
    void filesThatCannotBeRead() throws IOException {
        assertThat(problems("data: " + "x".repeat(2 << 20))).containsExactly("1:1: is larger than 1048576 bytes");
        assertThat(problems("[".repeat(100_000))).isNotEmpty();
        assertThat(problems("a: ".repeat(1_000))).isNotEmpty();
        Files.write(file(), new byte[] {'a', ':', ' ', (byte) 0xff});
        InvalidConfigException invalid = Assertions.catchThrowableOfType(
                InvalidConfigException.class, () -> ServerConfig.of(options(file().toString()), HOME));
        assertThat(invalid.problems()).containsExactly(file() + ":1:1: is not valid UTF-8");
        InvalidConfigException missing = Assertions.catchThrowableOfType(
                InvalidConfigException.class, () -> ServerConfig.of(options(directory + "/none"), HOME));
        assertThat(missing.problems()).containsExactly(directory + "/none:1:1: does not exist");
    }

    @Test
    void b58_whatWasWrittenIsShownWithoutItsControls() {
        assertThat(problems("drain: \"a\\e[31m\\u0000b\"\n\"x\\n\\e\": 1\n"))
                .allSatisfy(problem -> assertThat(problem.chars()).allMatch(each -> !Character.isISOControl(each)));
    }

    @Test
    void theDocumentNamesEveryKeyAndNoneMore() throws IOException {
        Path document = Path.of("..", "docs", "configuration.md");
        Matcher rows = Pattern.compile("(?m)^\\| `([A-Za-z.]+)` \\|")
                .matcher(Files.readString(document, StandardCharsets.UTF_8));
        Set<String> documented = new TreeSet<>();
        while (rows.find()) {
            documented.add(rows.group(1));
        }
        assertThat(documented).isEqualTo(ServerConfig.keys());
    }
}
