package dev.hufu.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.cli.Manual;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Each benchmark once, with as little as it can do: so that none rots. What it measures then says nothing. */
final class EveryBenchTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @MethodSource("names")
    void runsOnceAndReportsFigures(String name) throws Exception {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        Main main = new Main(launcher().toString(), new PrintStream(printed, true, StandardCharsets.UTF_8), System.err);
        int status = main.run(List.of(name, "--rounds", "1", "--count", "1", "-o", "json"));
        assertThat(status).isZero();
        JsonNode document = JsonMapper.shared().readTree(printed.toByteArray());
        assertThat(document.path("benchmark").asString()).isEqualTo(name);
        assertThat(document.path("figures").isEmpty()).isFalse();
        for (JsonNode figure : document.path("figures")) {
            assertThat(figure.path("measure").asString()).matches("P\\d+");
            assertThat(figure.path("ours").isNumber()).isTrue();
            if (figure.path("against").isString()) {
                assertThat(figure.path("limit").asDouble()).as("%s", figure).isPositive();
            }
        }
    }

    static List<String> names() {
        return Main.names();
    }

    @ParameterizedTest
    @ValueSource(strings = {"exec --rounds 0", "exec --count x", "exec --nothing", "exec -o xml", "nothing", ""})
    void wrongUseIsToldApartFromFailure(String line) throws Exception {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream errors = new PrintStream(said, true, StandardCharsets.UTF_8);
        List<String> words = line.isEmpty() ? List.of() : List.of(line.split(" "));
        assertThat(new Main("hufu", System.out, errors).run(words)).isEqualTo(2);
        assertThat(said.toString(StandardCharsets.UTF_8)).contains("try 'hufu bench --help'");
    }

    @Test
    void theManualTellsOfEveryBenchmark() throws Exception {
        Manual.main(new String[] {directory.toString()});
        String page = Files.readString(directory.resolve("hufu-bench.1")).replace("\\-", "-");
        assertThat(Main.names()).allSatisfy(name -> assertThat(page).contains(name + " ("));
    }

    /** What bin/hufu does once all is built, on this test's class path. */
    private Path launcher() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String script = """
                #!/bin/sh
                main=dev.hufu.cli.Main
                if [ "$1" = server ]; then
                    main=dev.hufu.server.Main
                    shift
                fi
                exec '%s' -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \\
                    -cp '%s' $main "$@"
                """.formatted(java, System.getProperty("java.class.path"));
        Path file = Files.writeString(directory.resolve("hufu"), script);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }
}
