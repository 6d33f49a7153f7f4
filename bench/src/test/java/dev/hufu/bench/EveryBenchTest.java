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
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Each benchmark once, with as little as it can do: so that none rots. What it measures then says nothing. */
final class EveryBenchTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource(Main.Verb.class)
    void runsOnceAndReportsFigures(Main.Verb verb) throws Exception {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        Main main = new Main(launcher().toString(), new PrintStream(printed, true, StandardCharsets.UTF_8));
        int status = new CommandLine(main)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(verb.name(), "--rounds", "1", "--count", "1", "-o", "json");
        assertThat(status).isZero();
        JsonNode document = JsonMapper.shared().readTree(printed.toByteArray());
        assertThat(document.path("benchmark").asString()).isEqualToIgnoringCase(verb.name());
        assertThat(document.path("figures").isEmpty()).isFalse();
        for (JsonNode figure : document.path("figures")) {
            assertThat(figure.path("measure").asString()).matches("P\\d+");
            assertThat(figure.path("ours").isNumber()).isTrue();
            if (figure.path("against").isString()) {
                assertThat(figure.path("limit").asDouble()).as("%s", figure).isPositive();
            }
        }
    }

    @Test
    void wrongUseIsToldApartFromFailure() {
        CommandLine main = new CommandLine(new Main("hufu", System.out)).setCaseInsensitiveEnumValuesAllowed(true);
        main.setErr(new java.io.PrintWriter(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8));
        assertThat(main.execute("exec", "--rounds", "0")).isEqualTo(2);
        assertThat(main.execute("nothing")).isEqualTo(2);
    }

    @Test
    void theManualTellsOfEveryBenchmarkAndOption() throws Exception {
        Manual.main(new String[] {directory.toString()});
        String page = Files.readString(directory.resolve("hufu-bench.1")).replace("\\-", "-");
        for (Main.Verb verb : Main.Verb.values()) {
            assertThat(page).contains(verb.name().toLowerCase(Locale.ROOT) + " (");
        }
        List<String> taken = new CommandLine(new Main("hufu", System.out))
                .getCommandSpec().options().stream()
                        .map(option -> String.join(", ", option.names()))
                        .toList();
        List<String> told = page.lines()
                .filter(line -> line.startsWith("\\fB-"))
                .map(line -> line.replaceAll("\\\\f[BR]|\\\\fI.*", "").strip())
                .toList();
        assertThat(told).containsExactlyElementsOf(taken);
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
