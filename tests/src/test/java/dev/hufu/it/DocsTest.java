package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the pages tell people to type, typed: each page's {@code sh} blocks, in order, as one script of bash, in a home where
 * nothing is but a server's data in its default place. Blocks of another kind are not for copying, and are not run.
 */
final class DocsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\\n(.*?)^```$");
    private static final String DEFAULT_ADDRESS = "http://127.0.0.1:7433";
    private static final Duration LIMIT = Duration.ofMinutes(2);

    @TempDir
    private Path home;

    @Test
    void gettingStarted() throws Exception {
        String said = typed("docs/getting-started.md");
        assertThat(said)
                .contains(
                        "hello\n",
                        "to stdout\n",
                        "to stderr\n",
                        "exit code 124: timed out\n",
                        "line 1\nline 2\nline 3\n",
                        "step 1\nstep 2\nstep 3\n",
                        "ticket=OPS-1",
                        " RUNNING, cancel requested\n",
                        "exit code 130\n",
                        "proof that nothing is left: ",
                        "\"stdout\":\"hello\\n\"");
    }

    @Test
    void theApiByExample() throws Exception {
        String said = typed("docs/api.md");
        assertThat(said)
                .contains(
                        "\"labels\":{\"ticket\":\"OPS-1\"}",
                        "{\"pointer\":\"/timeuot\",\"detail\":\"is not a field of this request\"}",
                        "\"stdout\":\"SOME INPUT\\nhello from sh\\n\"",
                        "\"nextCursor\":null",
                        "\"stream\":\"stdout\",\"offset\":0,\"text\":\"working\\n\"",
                        "\"stream\":\"stdout\",\"offset\":8,\"text\":\"done\\n\"",
                        "{\"end\":{\"stdoutBytes\":13,\"stderrBytes\":0,\"truncated\":false}}",
                        "{\"run\":{\"id\":\"",
                        "\"stream\":\"stderr\",\"offset\":0,\"text\":\"two\\n\"",
                        "\"state\":\"FAILED\",\"reason\":\"exit\",\"message\":null,\"exitCode\":3",
                        "event: run\nid: 1\ndata: {\"id\":\"",
                        "event: task\nid: 2\ndata: {\"id\":\"",
                        "\"retryOf\":\"",
                        "\"name\":\"local\"",
                        "hufu_build_info");
    }

    @Test
    void theFirstPage() throws Exception {
        for (String page : List.of("README.md", "README.zh-CN.md")) {
            String text = Files.readString(ROOT.resolve(page));
            // Its first block starts a server, and runs the tests.
            assertThat(script(text, 0)).contains("bin/hufu server", "bin/test");
            assertThat(run(script(text, 1))).as(page).contains("\"stdout\":\"hello\\n\"");
        }
    }

    private String typed(String page) throws Exception {
        return run(script(Files.readString(ROOT.resolve(page)), -1));
    }

    /** @param only the block with this number; all of them where it is negative */
    private static String script(String page, int only) {
        List<String> blocks =
                BLOCK.matcher(page).results().map(found -> found.group(1)).toList();
        assertThat(blocks).isNotEmpty();
        return only < 0 ? String.join("\n", blocks) : blocks.get(only);
    }

    /** What it said, stdout and stderr as a terminal would have them; it must have ended well. */
    private String run(String script) throws Exception {
        assumeTrue(there("bash") && there("curl"), "bash and curl are needed");
        Path data = home.resolve(".local/share/hufu");
        try (ServerProcess server = new ServerProcess(data)) {
            server.environment().put("HOME", home.toString());
            server.start();
            Path folder = Files.createTempDirectory(home, "folder");
            Files.createDirectory(folder.resolve("bin"));
            Files.writeString(folder.resolve("bin/hufu"), launcher());
            Files.setPosixFilePermissions(folder.resolve("bin/hufu"), PosixFilePermissions.fromString("rwx------"));
            String address = server.address().toString();
            Path file = Files.writeString(
                    folder.resolve("page.sh"), "set -eu\n" + script.replace(DEFAULT_ADDRESS, address));
            Path said = folder.resolve("said");
            ProcessBuilder bash = new ProcessBuilder("bash", file.toString())
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectOutput(said.toFile());
            bash.environment().keySet().removeIf(name -> name.startsWith("HUFU_") || name.startsWith("XDG_"));
            bash.environment().put("HOME", home.toString());
            bash.environment().put("HUFU_URL", address);
            Process process = bash.start();
            boolean ended = process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            String all = Files.readString(said, StandardCharsets.UTF_8);
            assertThat(ended).as(all).isTrue();
            assertThat(process.exitValue()).as(all).isZero();
            return all;
        }
    }

    private static boolean there(String program) {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .anyMatch(place -> Files.isExecutable(Path.of(place, program)));
    }

    /** What bin/hufu does once all is built, on this test's class path. */
    private static String launcher() {
        return """
                #!/bin/sh
                exec '%s' -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp '%s' dev.hufu.cli.Main "$@"
                """.formatted(
                        Path.of(System.getProperty("java.home"), "bin", "java"), System.getProperty("java.class.path"));
    }
}
