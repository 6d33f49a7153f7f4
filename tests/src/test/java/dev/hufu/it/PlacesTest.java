package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hufu.architecture.Repository;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The same in uncommon places: long and foreign paths, another locale, another user. */
final class PlacesTest {
    @Test
    void aDataDirectoryWithALongPathSpacesAndForeignLetters(@TempDir Path directory) throws Exception {
        Path data = longPath(directory);
        try (ServerProcess server = ServerProcess.started(data)) {
            allTheSame(server);
        }
    }

    @Test
    void theLocaleC(@TempDir Path directory) throws Exception {
        try (ServerProcess server = new ServerProcess(longPath(directory))) {
            server.environment().put("LC_ALL", "C");
            server.environment().put("LANG", "C");
            // What bin/hufu does before it starts Java.
            Path common = Repository.root().resolve("bin/.common.sh");
            server.prefix().addAll(List.of("/bin/sh", "-c", ". \"$0\"; exec \"$@\"", common.toString()));
            server.start();
            allTheSame(server);
        }
    }

    @Test
    void anOrdinaryUser() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "setpriv is not installed");
        assumeTrue("root".equals(System.getProperty("user.name")), "an ordinary user runs every other test already");
        Path home = Files.createTempDirectory(Path.of("/tmp"), "hufu-user-");
        try (ServerProcess server = new ServerProcess(home.resolve("données"))) {
            Path classes = Files.createDirectory(home.resolve("classes"));
            server.copyClasses(classes);
            own(home);
            own(server.runtime());
            server.environment().put("HOME", home.toString());
            server.prefix()
                    .addAll(List.of("/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"));
            server.start();
            allTheSame(server);
            JsonNode task = server.api().run(Api.argv("id", "-u"));
            assertThat(server.api().stdout(task.get("runId").asString())).isEqualTo("65534\n");
        } finally {
            delete(home);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static void own(Path directory) throws IOException {
        Files.setAttribute(directory, "unix:uid", 65534);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    }

    private static Path longPath(Path directory) throws IOException {
        StringBuilder path = new StringBuilder(directory + "/");
        while (path.length() < 200) {
            path.append("größe %41? #虎符 ".charAt(path.length() % 14));
        }
        return Files.createDirectories(Path.of(path.toString().strip()));
    }

    private static void allTheSame(ServerProcess server) throws Exception {
        JsonNode task = server.api()
                .run(Map.of(
                        "exec",
                        Map.of("script", "cat; echo \"$1\" >&2; exit 5", "args", List.of("虎符")),
                        "stdin",
                        "grüße\n"));
        String run = task.get("runId").asString();
        assertThat(task.get("exitCode").asInt()).as("%s", task).isEqualTo(5);
        assertThat(server.api().stdout(run)).isEqualTo("grüße\n");
        assertThat(new String(server.api().outputBytes(run, "stream=stderr"), StandardCharsets.UTF_8))
                .isEqualTo("虎符\n");
        String running = server.api().submit(Api.shell("setsid sleep 1000 & sleep 1000"));
        server.api().awaitRunning(running);
        server.kill9();
        server.start();
        server.api().cancel(running);
        assertThat(Api.state(server.api().awaitTask(running))).isEqualTo("CANCELLED");
        assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + running)).isEmpty();
        assertThat(server.api().stdout(run)).isEqualTo("grüße\n");
    }
}
