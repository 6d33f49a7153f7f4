package dev.hufu.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hufu.support.line.Option;
import dev.hufu.support.line.VerbSpec;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is made from the verbs, and what is written about them, holds every one of their options. */
final class ManualTest {
    @TempDir
    private Path folder;

    static List<VerbSpec> verbs() {
        return Verbs.specs();
    }

    private static List<Option> options(VerbSpec verb) {
        List<Option> options = new ArrayList<>(verb.options());
        options.addAll(verb.of(Session.SHARED));
        return options;
    }

    @Test
    void everyVerbHasItsNameAndAClass() {
        assertThat(verbs().stream().map(VerbSpec::name)).isEqualTo(Verbs.NAMES);
    }

    @ParameterizedTest
    @MethodSource("verbs")
    void aPageOfTheManualMentionsEveryOption(VerbSpec verb) throws IOException {
        Manual.write(folder);
        String page = Files.readString(folder.resolve("hufu-" + verb.name() + ".1"));
        assertThat(page).contains(".SH \"SYNOPSIS\"", "\\fBhufu " + verb.name() + "\\fR");
        for (Option option : options(verb)) {
            for (String name : option.names()) {
                assertThat(page).contains("\\fB" + name.replace("-", "\\-") + "\\fR");
            }
        }
        assertThat(Files.readString(folder.resolve("hufu.1"))).contains("\\fBhufu\\-" + verb.name() + "\\fR(1)");
        assertThat(page.lines()).noneMatch(line -> line.startsWith("'"));
    }

    @Test
    void manReadsThePagesWithoutAWarning() throws Exception {
        assumeTrue(there("man"));
        Manual.write(folder);
        try (Stream<Path> pages = Files.list(folder)) {
            for (Path page : pages.toList()) {
                Process man = new ProcessBuilder("man", "--warnings", "-E", "UTF-8", "-l", page.toString())
                        .redirectOutput(folder.resolve("shown").toFile())
                        .redirectError(folder.resolve("warnings").toFile())
                        .start();
                assertThat(man.waitFor(60, TimeUnit.SECONDS)).isTrue();
                assertThat(folder.resolve("warnings")).hasContent("");
                Files.delete(folder.resolve("shown"));
                Files.delete(folder.resolve("warnings"));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"bash", "zsh"})
    void aCompletionScriptIsGoodSyntax(String shell) throws Exception {
        Cockpit cockpit = new Cockpit(URI.create("http://127.0.0.1:1"));
        assertThat(cockpit.run("completion", shell)).isZero();
        for (VerbSpec verb : verbs()) {
            for (Option option : options(verb)) {
                assertThat(cockpit.stdout.text()).contains(verb.name(), option.name());
            }
        }
        assumeTrue(there(shell));
        assertThat(shell(shell, "-n", cockpit.stdout.text())).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "hufu ru           | run runs",
                "hufu runs --st    | --state",
                "hufu --server http://x logs --str | --stream",
                "hufu runs -o j    | json",
                "hufu completion z | zsh",
                "hufu logs --stream std | stdout stderr",
                "hufu run --timeout 5 --script no-such-fi | ",
            })
    void bashCompletes(String line, String offered) throws Exception {
        assumeTrue(there("bash"));
        Cockpit cockpit = new Cockpit(URI.create("http://127.0.0.1:1"));
        assertThat(cockpit.run("completion", "bash")).isZero();
        String script = cockpit.stdout.text() + "COMP_WORDS=(" + line + ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
                + "_hufu\necho \"${COMPREPLY[*]}\"\n";
        assertThat(shell("bash", "-s", script).strip()).isEqualTo(offered == null ? "" : offered);
    }

    private static boolean there(String program) {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .anyMatch(place -> Files.isExecutable(Path.of(place, program)));
    }

    private String shell(String shell, String option, String script) throws IOException, InterruptedException {
        Path input = Files.writeString(folder.resolve("script"), script);
        Process process = new ProcessBuilder(shell, option)
                .redirectInput(input.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }

    @ParameterizedTest
    @MethodSource("verbs")
    void theDocumentationHasEveryVerbAndOption(VerbSpec verb) throws IOException {
        String all = Files.readString(Path.of("..", "docs", "cli.md"));
        int from = all.indexOf("\n## hufu " + verb.name() + "\n");
        assertThat(from).as("a chapter on " + verb.name()).isPositive();
        int to = all.indexOf("\n## ", from + 1);
        String chapter = all.substring(from, to < 0 ? all.length() : to);
        for (Option option : verb.options()) {
            String names = String.join(", ", option.names()) + (option.isFlag() ? "" : " " + option.label());
            assertThat(chapter).contains("`" + names + "`");
        }
        assertThat(chapter.lines().filter(line -> line.startsWith("| `-")))
                .hasSize(verb.options().size());
        for (VerbSpec.Entry code : verb.exitCodes()) {
            assertThat(chapter).contains("| " + code.term().replace("*", "\\*") + " |");
        }
    }
}
