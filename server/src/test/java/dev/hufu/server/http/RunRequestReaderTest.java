package dev.hufu.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.Execution;
import dev.hufu.protocol.RunSpec;
import dev.hufu.server.http.json.CanonicalJson;
import dev.hufu.server.http.order.RunRequestReader;
import dev.hufu.server.run.Refusal;
import dev.hufu.server.run.RequestBounds;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RunRequestReaderTest {
    private static RunSpec read(String body) {
        return read(body.getBytes(StandardCharsets.UTF_8), RunSpec.OnOutput.TRUNCATE);
    }

    private static RequestBounds bounds(long output) {
        return new RequestBounds(output, RunSpec.Resources.NONE, RunSpec.Resources.NONE);
    }

    private static RunSpec read(byte[] body, RunSpec.OnOutput defaultOnOutput) {
        return RunRequestReader.read(body, defaultOnOutput, bounds(1L << 30));
    }

    private static List<Refusal.FieldError> errors(byte[] body) {
        Refusal refusal = Assertions.catchThrowableOfType(Refusal.class, () -> read(body, RunSpec.OnOutput.TRUNCATE));
        assertThat(refusal).as("nothing was refused").isNotNull();
        assertThat(refusal.kind()).isEqualTo(ErrorKind.INVALID_REQUEST);
        assertThat(refusal.errors()).isNotEmpty();
        return refusal.errors();
    }

    private static List<String> pointers(String body) {
        return errors(body.getBytes(StandardCharsets.UTF_8)).stream()
                .map(Refusal.FieldError::pointer)
                .toList();
    }

    private static String only(String body) {
        List<Refusal.FieldError> errors = errors(body.getBytes(StandardCharsets.UTF_8));
        assertThat(errors).hasSize(1);
        return errors.getFirst().pointer() + ": " + errors.getFirst().detail();
    }

    /** A minimal request with more fields. */
    private static String with(String fields) {
        return "{\"exec\":{\"argv\":[\"true\"]}," + fields + "}";
    }

    @Test
    void aMinimalRequestHasEveryDefault() {
        assertThat(read(ApiFixture.MINIMAL))
                .isEqualTo(new RunSpec(
                        new Execution.Argv(List.of("true")),
                        Map.of(),
                        null,
                        Bytes.EMPTY,
                        Duration.ofHours(1),
                        Duration.ofSeconds(5),
                        Duration.ofHours(24),
                        new RunSpec.Limits(16 << 20, RunSpec.OnOutput.TRUNCATE),
                        0,
                        Map.of()));
    }

    @Test
    void aFullRequestIsReadAsItIs() {
        RunSpec spec = read("""
                {"labels": {"ticket": "OPS-1"}, "limits": {"output": "64KiB"}, "expiresAfter": "10m",
                 "killGrace": "0s", "timeout": "1h30m", "stdin": {"text": "täxt\\u0000"}, "cwd": "/tmp",
                 "env": {"B": "2", "A": "1\\t"},
                 "exec": {"args": ["a", ""], "script": "echo\\n", "interpreter": ["/usr/bin/env", "bash"]}}
                """);
        assertThat(spec.exec())
                .isEqualTo(new Execution.Script("echo\n", List.of("/usr/bin/env", "bash"), List.of("a", "")));
        assertThat(spec.env()).containsExactly(Map.entry("B", "2"), Map.entry("A", "1\t"));
        assertThat(spec.cwd()).isEqualTo("/tmp");
        assertThat(spec.stdin().toArray()).isEqualTo("täxt\0".getBytes(StandardCharsets.UTF_8));
        assertThat(spec.timeout()).isEqualTo(Duration.ofMinutes(90));
        assertThat(spec.killGrace()).isZero();
        assertThat(spec.expiresAfter()).isEqualTo(Duration.ofMinutes(10));
        assertThat(spec.limits().output()).isEqualTo(65_536);
        assertThat(spec.labels()).containsExactly(Map.entry("ticket", "OPS-1"));
    }

    @Test
    void retryHasADefaultForEachField() {
        assertThat(read(ApiFixture.MINIMAL).retry()).isNull();
        assertThat(read(with("\"retry\":{}")).retry())
                .isEqualTo(new RunSpec.Retry(
                        3,
                        Duration.ofSeconds(1),
                        Duration.ofMinutes(1),
                        List.of(RunSpec.RetryOn.EXIT, RunSpec.RetryOn.SIGNAL, RunSpec.RetryOn.TIMEOUT)));
        assertThat(read(with(
                                "\"retry\":{\"on\":[\"lost\",\"memory\",\"spawn\"],\"backoff\":\"5m\",\"maxAttempts\":100}"))
                        .retry())
                .isEqualTo(new RunSpec.Retry(
                        100,
                        Duration.ofMinutes(5),
                        Duration.ofMinutes(5),
                        List.of(RunSpec.RetryOn.MEMORY, RunSpec.RetryOn.SPAWN, RunSpec.RetryOn.LOST)));
        assertThat(read(with("\"retry\":{\"maxBackoff\":\"0s\"}")).retry())
                .isEqualTo(new RunSpec.Retry(3, Duration.ZERO, Duration.ZERO, RunSpec.Retry.DEFAULT_ON));
    }

    @Test
    void b07_whatIsWrongWithARetryIsNamed() {
        assertThat(only(with("\"retry\":{\"maxAttempts\":0}"))).startsWith("/retry/maxAttempts: ");
        assertThat(only(with("\"retry\":{\"maxAttempts\":101}"))).startsWith("/retry/maxAttempts: ");
        assertThat(only(with("\"retry\":{\"backoff\":\"31d\"}"))).startsWith("/retry/backoff: ");
        assertThat(only(with("\"retry\":{\"backoff\":\"2s\",\"maxBackoff\":\"1s\"}")))
                .startsWith("/retry/maxBackoff: ");
        assertThat(only(with("\"retry\":{\"on\":[]}"))).startsWith("/retry/on: ");
        assertThat(only(with("\"retry\":{\"on\":[\"exit\",\"sunday\"]}"))).startsWith("/retry/on/1: ");
        assertThat(only(with("\"retry\":{\"on\":[\"exit\",\"exit\"]}"))).isEqualTo("/retry/on/1: occurs twice");
        assertThat(only(with("\"retry\":{\"times\":3}"))).startsWith("/retry/times: ");
        assertThat(only(with("\"retry\":3"))).startsWith("/retry: ");
    }

    @Test
    void aScriptHasTheShellAsItsInterpreter() {
        assertThat(read("{\"exec\":{\"script\":\"echo\"}}").exec())
                .isEqualTo(new Execution.Script("echo", List.of("/bin/sh"), List.of()));
    }

    @Test
    void stdinIsTextOrBytes() {
        assertThat(read(with("\"stdin\":\"plain\"")).stdin())
                .isEqualTo(Bytes.of("plain".getBytes(StandardCharsets.UTF_8)));
        assertThat(read(with("\"stdin\":{\"base64\":\"AP8=\"}")).stdin()).isEqualTo(Bytes.of(new byte[] {0, -1}));
        assertThat(only(with("\"stdin\":{\"base64\":\"A?\"}"))).isEqualTo("/stdin/base64: is not base64");
        assertThat(only(with("\"stdin\":{}"))).startsWith("/stdin: ");
        assertThat(only(with("\"stdin\":{\"text\":\"a\",\"base64\":\"AA==\"}"))).startsWith("/stdin: ");
        assertThat(only(with("\"stdin\":[]"))).startsWith("/stdin: must be");
        assertThat(only(with("\"stdin\":\"\\ud800\""))).contains("surrogate");
    }

    @Test
    void theUserAndTheLimitsOfItsProcessesAreRead() {
        RunSpec spec = read(with(
                "\"user\":\"nobody\",\"limits\":{\"memory\":\"256MiB\",\"cpu\":1.5,\"pids\":64," + "\"files\":1024}"));
        assertThat(spec.user()).isEqualTo("nobody");
        assertThat(spec.limits().resources()).isEqualTo(new RunSpec.Resources(256L << 20, 1.5, 64, 1_024));
        assertThat(read(with("\"user\":\"1000:1000\",\"limits\":{\"cpu\":2,\"memory\":1048576}"))
                        .limits()
                        .resources())
                .isEqualTo(new RunSpec.Resources(1L << 20, 2.0, null, null));
        assertThat(read(ApiFixture.MINIMAL).user()).isNull();
        assertThat(read(ApiFixture.MINIMAL).limits().resources()).isEqualTo(RunSpec.Resources.NONE);
    }

    @Test
    void whatANodeSaysOfLimitsIsKeptTo() {
        RequestBounds bounds = new RequestBounds(
                1L << 30,
                new RunSpec.Resources(256L << 20, null, null, 64),
                new RunSpec.Resources(1L << 30, 2.0, null, 128));
        RunSpec spec = RunRequestReader.read(
                with("\"limits\":{\"pids\":7}").getBytes(StandardCharsets.UTF_8), RunSpec.OnOutput.TRUNCATE, bounds);
        assertThat(spec.limits().resources())
                .as("what was asked for, else the default, else the most")
                .isEqualTo(new RunSpec.Resources(256L << 20, 2.0, 7, 64));
        Refusal refusal = Assertions.catchThrowableOfType(
                Refusal.class,
                () -> RunRequestReader.read(
                        with("\"limits\":{\"memory\":\"2GiB\",\"cpu\":2.01,\"files\":129}")
                                .getBytes(StandardCharsets.UTF_8),
                        RunSpec.OnOutput.TRUNCATE,
                        bounds));
        assertThat(refusal.errors())
                .containsExactly(
                        new Refusal.FieldError("/limits/memory", "is out of its bounds, 1MiB to 1GiB"),
                        new Refusal.FieldError("/limits/cpu", "is out of its bounds, 0.01 to 2.0"),
                        new Refusal.FieldError("/limits/files", "is out of its bounds, 4 to 128"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "memory|1048575",
                "memory|-1",
                "memory|\"1KiB\"",
                "memory|null",
                "memory|1.5",
                "cpu|0",
                "cpu|0.009",
                "cpu|-1",
                "cpu|1e400",
                "cpu|100001",
                "cpu|\"1\"",
                "cpu|null",
                "pids|0",
                "pids|2147483648",
                "pids|1.5",
                "files|3",
                "files|\"8\""
            })
    void b07_limitsThatAreNone(String limit, String value) {
        assertThat(only(with("\"limits\":{\"" + limit + "\":" + value + "}"))).startsWith("/limits/" + limit + ": ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"\"", "\"a b\"", "\"1000:\"", "\":0\"", "\"-1\"", "\"../x\"", "\"root\\n\"", "7", "null"})
    void b06_usersThatAreNone(String value) {
        assertThat(only(with("\"user\":" + value))).startsWith("/user: ");
    }

    @Test
    void noTimeoutIsAWord() {
        assertThat(read(with("\"timeout\":\"none\"")).timeout()).isNull();
        assertThat(only(with("\"killGrace\":\"none\""))).startsWith("/killGrace: ");
    }

    @Test
    void b02_nesting100000Deep() {
        String deep = "[".repeat(100_000);
        assertThat(errors(with("\"x\":" + deep).getBytes(StandardCharsets.UTF_8)))
                .extracting(Refusal.FieldError::detail)
                .containsExactly("is not a field of this request", "is nested more than 64 deep");
        assertThat(errors(("{\"exec\":" + "{\"a\":".repeat(100_000)).getBytes(StandardCharsets.UTF_8)))
                .extracting(Refusal.FieldError::detail)
                .contains("is nested more than 64 deep");
    }

    @Test
    void b03_duplicateKeysAndTrailingTokens() {
        assertThat(
                        pointers(
                                "{\"exec\":{\"argv\":[\"a\"],\"argv\":[\"b\"]},\"env\":{\"A\":\"\",\"A\":\"\"},\"cwd\":\"/\",\"cwd\":\"/\"}"))
                .containsExactly("/exec/argv", "/env/A", "/cwd");
        assertThat(only(ApiFixture.MINIMAL + "{}")).isEqualTo(": has more after its end");
        assertThat(only(ApiFixture.MINIMAL + " x")).startsWith(": is not JSON");
        assertThat(read(ApiFixture.MINIMAL + " \r\n\t")).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"command", "params", "sandbox", "callbacks", "Timeout", "timeuot", "a~/b"})
    void b04_anUnknownFieldIsNamed(String name) {
        assertThat(only(with("\"" + name + "\":{\"any\":[1]}")))
                .isEqualTo("/" + name.replace("~", "~0").replace("/", "~1") + ": is not a field of this request");
    }

    @Test
    void b04_unknownFieldsInsideAreNamed() {
        assertThat(pointers("""
                        {"exec": {"argv": ["a"], "shell": true}, "limits": {"onoutput": "kill", "memory": 1},
                         "stdin": {"text": "", "file": "/x"}}
                        """))
                .containsExactlyInAnyOrder("/exec/shell", "/limits/onoutput", "/limits/memory", "/stdin/file");
    }

    @Test
    void b05_invalidUtf8AndLoneSurrogates() {
        for (int[] bad : new int[][] {{0xc0, 0x80}, {0xff}, {0xed, 0xa0, 0x80}, {0xc3}, {0xf5, 0x80, 0x80, 0x80}}) {
            String body = "{\"exec\":{\"argv\":[\"%\"]}}";
            byte[] bytes = body.replace("%", new String(bad, 0, bad.length)).getBytes(StandardCharsets.ISO_8859_1);
            assertThat(errors(bytes)).containsExactly(new Refusal.FieldError("", "is not valid UTF-8"));
        }
        assertThat(errors(ApiFixture.MINIMAL.getBytes(StandardCharsets.UTF_16BE))
                        .getFirst()
                        .detail())
                .contains("UTF-8");
        assertThat(only("{\"exec\":{\"argv\":[\"a\",\"\\ud800x\"]}}"))
                .isEqualTo("/exec/argv/1: has a lone surrogate at character 0");
        assertThat(only("{\"exec\":{\"argv\":[\"\\udc00\"]}}")).startsWith("/exec/argv/0: ");
        assertThat(pointers(with("\"env\":{\"A\":\"\\udfff\"},\"labels\":{\"l\":\"\\ud800\"}")))
                .containsExactly("/env/A", "/labels/l");
        assertThat(pointers(with("\"env\":{\"\\ud800\":\"\"}"))).hasSize(1);
        assertThat(read(with("\"env\":{\"\\ud83d\\ude00\":\"\"}")).env()).containsOnlyKeys("😀");
        assertThat(read("{\"exec\":{\"argv\":[\"\\ud83d\\ude00\"]}}").exec())
                .isEqualTo(new Execution.Argv(List.of("😀")));
    }

    @Test
    void b06_nulAndControlCharactersAreNamed() {
        assertThat(pointers("""
                        {"exec": {"argv": ["a", "b\\u0000", "c\\u001b", "tab\\tline\\n\\r"]}, "cwd": "/a\\nb",
                         "env": {"A\\u0001": "", "B": "\\u0000"}, "labels": {"l\\n": "", "m": "\\t"}}
                        """))
                .containsExactly(
                        "/exec/argv/1", "/exec/argv/2", "/cwd", "/env/A\u0001", "/env/B", "/labels/l\n", "/labels/m");
        assertThat(pointers(
                        "{\"exec\":{\"script\":\"a\\u0000\",\"interpreter\":[\"\\u0000\"],\"args\":[\"\\u007f\"]}}"))
                .containsExactly("/exec/script", "/exec/interpreter/0", "/exec/args/0");
        assertThat(only("{\"exec\":{\"argv\":[\"a\nb\"]}}")).contains("is not JSON");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1e400",
                "9223372036854775808",
                "-1",
                "0",
                "1.5",
                "1073741825",
                "true",
                "null",
                "\"\"",
                "\"64\"",
                "\"2GiB\""
            })
    void b07_outputLimitsThatAreNone(String value) {
        assertThat(only(with("\"limits\":{\"output\":" + value + "}"))).startsWith("/limits/output: ");
    }

    @Test
    void theServerSaysHowMuchOutputMayBeKept() {
        byte[] body = with("\"limits\":{\"output\":\"2GiB\"}").getBytes(StandardCharsets.UTF_8);
        assertThat(RunRequestReader.read(body, RunSpec.OnOutput.TRUNCATE, bounds(2L << 30))
                        .limits()
                        .output())
                .isEqualTo(2L << 30);
        Refusal refusal = Assertions.catchThrowableOfType(
                Refusal.class, () -> RunRequestReader.read(body, RunSpec.OnOutput.TRUNCATE, bounds((2L << 30) - 1024)));
        assertThat(refusal.errors())
                .containsExactly(
                        new Refusal.FieldError("/limits/output", "is out of its bounds, 1 byte to 2097151KiB"));
    }

    @Test
    void whatBecomesOfTooMuchOutputIsReadOrDefaulted() {
        Map<String, RunSpec.OnOutput> words = Map.of(
                "truncate", RunSpec.OnOutput.TRUNCATE, "kill", RunSpec.OnOutput.KILL, "block", RunSpec.OnOutput.BLOCK);
        words.forEach(
                (word, meaning) -> assertThat(read(with("\"limits\":{\"onOutput\":\"" + word + "\",\"output\":7}"))
                                .limits())
                        .isEqualTo(new RunSpec.Limits(7, meaning)));
        byte[] minimal = with("\"limits\":{}").getBytes(StandardCharsets.UTF_8);
        assertThat(read(minimal, RunSpec.OnOutput.BLOCK).limits().onOutput()).isEqualTo(RunSpec.OnOutput.BLOCK);
        byte[] said = with("\"limits\":{\"onOutput\":\"truncate\"}").getBytes(StandardCharsets.UTF_8);
        assertThat(read(said, RunSpec.OnOutput.BLOCK).limits().onOutput()).isEqualTo(RunSpec.OnOutput.TRUNCATE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"BLOCK\"", "\"\"", "\"drop\"", "1", "null", "[]"})
    void b07_answersToTooMuchOutputThatAreNone(String value) {
        assertThat(only(with("\"limits\":{\"onOutput\":" + value + "}"))).startsWith("/limits/onOutput: ");
    }

    @Test
    void b07_nanAndTenThousandDigits() {
        assertThat(only(with("\"limits\":{\"output\":NaN}"))).startsWith("/limits/output: is not JSON");
        assertThat(only(with("\"limits\":{\"output\":" + "9".repeat(10_000) + "}")))
                .startsWith("/limits/output: has a number")
                .contains("too long");
    }

    @ParameterizedTest
    @CsvSource({
        "timeout,\"0s\"",
        "timeout,\"-1s\"",
        "timeout,\"3650d\"",
        "timeout,\"30d1ms\"",
        "timeout,30",
        "timeout,null",
        "timeout,\"\"",
        "killGrace,\"11m\"",
        "killGrace,\"-1s\"",
        "expiresAfter,\"0ms\"",
        "expiresAfter,\"31d\""
    })
    void b07_b43_durationsOutOfBounds(String field, String value) {
        assertThat(only(with("\"" + field + "\":" + value))).startsWith("/" + field + ": ");
    }

    @Test
    void b08_aMillionElementsAndTenThousandVariables() {
        String million = IntStream.range(0, 1_000_000).mapToObj(_ -> "1").collect(Collectors.joining(","));
        assertThat(errors(("{\"exec\":{\"argv\":[" + million + "]}}").getBytes(StandardCharsets.UTF_8)))
                .hasSize(100);
        String empty = IntStream.range(0, 500_000).mapToObj(_ -> "\"\"").collect(Collectors.joining(","));
        assertThat(only("{\"exec\":{\"argv\":[\"a\"," + empty + "]}}"))
                .isEqualTo("/exec/argv: has more than 10000 elements");
        String env =
                IntStream.range(0, 10_000).mapToObj(i -> "\"V" + i + "\":\"\"").collect(Collectors.joining(","));
        assertThat(only(with("\"env\":{" + env + "}"))).isEqualTo("/env: has more than 1000 variables");
        String unknown =
                IntStream.range(0, 50_000).mapToObj(i -> "\"u" + i + "\":0").collect(Collectors.joining(","));
        assertThat(errors(with(unknown).getBytes(StandardCharsets.UTF_8))).hasSize(100);
    }

    @Test
    void b08_asManyAsAllowed() {
        String argv = IntStream.range(0, 10_000).mapToObj(_ -> "\"a\"").collect(Collectors.joining(","));
        String env =
                IntStream.range(0, 1_000).mapToObj(i -> "\"V" + i + "\":\"\"").collect(Collectors.joining(","));
        RunSpec spec = read("{\"exec\":{\"argv\":[" + argv + "]},\"env\":{" + env + "}}");
        assertThat(spec.env()).hasSize(1_000);
    }

    @Test
    void b25_oneArgumentTooLongForTheKernel() {
        String longest = "a".repeat(131_070);
        assertThat(read("{\"exec\":{\"argv\":[\"true\",\"" + longest + "\"]}}")).isNotNull();
        assertThat(only("{\"exec\":{\"argv\":[\"true\",\"" + longest + "a\"]}}"))
                .startsWith("/exec/argv/1: has 131072 bytes or more with its NUL")
                .contains("stdin");
        String wide = "€".repeat(43_690);
        assertThat(only("{\"exec\":{\"script\":\"\",\"args\":[\"" + wide + "a\"]}}"))
                .startsWith("/exec/args/0: ");
        assertThat(only(with("\"env\":{\"A\":\"" + longest.substring(1) + "\"}")))
                .startsWith("/env/A: has, as NAME=value, 131072 bytes");
        assertThat(read(with("\"env\":{\"A\":\"" + longest.substring(2) + "\"}")))
                .isNotNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "A=B", "HUFU_RUN_ID", "HUFU_"})
    void b26_environmentNames(String name) {
        assertThat(only(with("\"env\":{\"" + name + "\":\"\"}"))).startsWith("/env/" + name + ": ");
    }

    @Test
    void b28_aRelativeWorkingDirectory() {
        assertThat(only(with("\"cwd\":\"tmp\""))).isEqualTo("/cwd: must be an absolute path");
        assertThat(only(with("\"cwd\":\"\""))).isEqualTo("/cwd: must be an absolute path");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|/exec",
                "{\"exec\":null}|/exec",
                "{\"exec\":\"ls\"}|/exec",
                "{\"exec\":{}}|/exec",
                "{\"exec\":{\"args\":[]}}|/exec",
                "{\"exec\":{\"argv\":[]}}|/exec/argv",
                "{\"exec\":{\"argv\":[\"\"]}}|/exec/argv/0",
                "{\"exec\":{\"argv\":\"ls\"}}|/exec/argv",
                "{\"exec\":{\"argv\":[1]}}|/exec/argv/0",
                "{\"exec\":{\"argv\":[\"a\",null]}}|/exec/argv/1",
                "{\"exec\":{\"argv\":[\"a\"],\"script\":\"b\"}}|/exec",
                "{\"exec\":{\"argv\":[\"a\"],\"interpreter\":[\"b\"]}}|/exec",
                "{\"exec\":{\"script\":\"a\",\"interpreter\":[]}}|/exec/interpreter",
                "{\"exec\":{\"script\":1}}|/exec/script",
                "{\"exec\":{\"argv\":[\"a\"]},\"env\":[]}|/env",
                "{\"exec\":{\"argv\":[\"a\"]},\"env\":{\"A\":1}}|/env/A",
                "{\"exec\":{\"argv\":[\"a\"]},\"labels\":{\"\":\"a\"}}|/labels/",
                "{\"exec\":{\"argv\":[\"a\"]},\"limits\":1}|/limits",
                "[]|''",
                "\"x\"|''",
                "''|''",
                "{\"exec\":{\"argv\":[\"a\"|/exec/argv/0"
            })
    void wrongShapes(String body, String pointer) {
        assertThat(pointers(body)).contains(pointer);
    }

    @Test
    void everythingWrongIsNamedAtOnce() {
        assertThat(pointers("""
                        {"exec": {"argv": []}, "timeout": "0s", "cwd": "x", "nope": 1, "env": {"": ""}}
                        """)).containsExactly("/exec/argv", "/timeout", "/cwd", "/nope", "/env/");
        assertThat(pointers("{\"cwd\":\"x\"}")).containsExactlyInAnyOrder("/cwd", "/exec");
    }

    @Test
    void labelsAreBounded() {
        String many =
                IntStream.range(0, 33).mapToObj(i -> "\"l" + i + "\":\"\"").collect(Collectors.joining(","));
        assertThat(only(with("\"labels\":{" + many + "}"))).isEqualTo("/labels: has more than 32 labels");
        assertThat(only(with("\"labels\":{\"l\":\"" + "x".repeat(1_025) + "\"}")))
                .startsWith("/labels/l: ");
    }

    @Test
    void theFingerprintIsOfWhatIsSaid() {
        String one = fingerprint("{\"exec\":{\"argv\":[\"é\",\"b\"]},\"env\":{\"A\":\"1\",\"B\":\"2\"}}");
        assertThat(fingerprint(
                        " { \"env\":{\"B\":\"2\",\"A\":\"1\"}, \"exec\":{\"argv\":[\"\\u00e9\",\"\\u0062\"]} } "))
                .isEqualTo(one)
                .matches("[0-9a-f]{64}");
        assertThat(fingerprint("{\"exec\":{\"argv\":[\"b\",\"é\"]},\"env\":{\"A\":\"1\",\"B\":\"2\"}}"))
                .isNotEqualTo(one);
        assertThat(fingerprint("{\"exec\":{\"argv\":[\"é\",\"b\"]},\"env\":{\"A\":\"1\",\"B\":\"3\"}}"))
                .isNotEqualTo(one);
    }

    private static String fingerprint(String body) {
        return CanonicalJson.fingerprint(body.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(ints = {-10, 0, 10})
    void aPriorityIsRead(int priority) {
        assertThat(read(with("\"priority\":" + priority)).priority()).isEqualTo(priority);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-11", "11", "1.0", "1e1", "\"1\"", "null", "9223372036854775807", "-9223372036854775808"})
    void b07_prioritiesThatAreNone(String value) {
        assertThat(only(with("\"priority\":" + value))).startsWith("/priority: ");
    }

    @Test
    void nodeLocalMayBeNamed() {
        assertThat(read(with("\"targets\":{\"nodes\":[\"local\"]}"))).isEqualTo(read(ApiFixture.MINIMAL));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{};/targets",
                "[];/targets",
                "null;/targets",
                "\"local\";/targets",
                "{\"nodes\":[]};/targets/nodes",
                "{\"nodes\":null};/targets/nodes",
                "{\"nodes\":\"local\"};/targets/nodes",
                "{\"nodes\":{}};/targets/nodes",
                "{\"nodes\":[\"web-1\"]};/targets/nodes/0",
                "{\"nodes\":[\"local\",\"*\"]};/targets/nodes/1",
                "{\"nodes\":[\"Local\"]};/targets/nodes/0",
                "{\"nodes\":[\"\"]};/targets/nodes/0",
                "{\"nodes\":[1]};/targets/nodes/0",
                "{\"nodes\":[\"local\",\"local\"]};/targets/nodes/1",
                "{\"nodes\":[\"local\"],\"where\":\"true\"};/targets/where",
                "{\"nodes\":[\"local\"],\"all\":true};/targets/all"
            })
    void b18_targetsThatSelectNothingOrWhatIsNotThere(String targets, String pointer) {
        assertThat(pointers(with("\"targets\":" + targets))).containsExactly(pointer);
    }

    @Test
    void aCancelMaySayItsGrace() {
        assertThat(RunRequestReader.readCancel(new byte[0])).isNull();
        assertThat(RunRequestReader.readCancel("{}".getBytes(StandardCharsets.UTF_8)))
                .isNull();
        assertThat(RunRequestReader.readCancel("{\"killGrace\":\"0s\"}".getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(Duration.ZERO);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"killGrace\":\"11m\"}",
                "{\"killGrace\":\"-1s\"}",
                "{\"killGrace\":0}",
                "{\"killgrace\":\"0s\"}",
                "[]"
            })
    void b07_graceOfACancelThatIsNone(String body) {
        assertThatThrownBy(() -> RunRequestReader.readCancel(body.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(Refusal.class);
    }

    @Test
    void b18_aConditionAloneIsUnknownAndSelectsNothing() {
        assertThat(pointers(with("\"targets\":{\"where\":\"labels.role == 'web'\"}")))
                .containsExactly("/targets/where", "/targets");
    }
}
