package dev.hufu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.support.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The scripts in bin/, on a copy of the project that has nothing but them, with a JDK and a Maven that only say what they were told. */
@DisabledOnOs(OS.WINDOWS)
final class LauncherScriptTest {
    private static final Path SCRIPTS = Path.of("..", "bin").toAbsolutePath().normalize();

    @TempDir
    private Path folder;

    private Path project;
    private Path tools;
    private Path jdk;
    private final Map<String, String> env = new HashMap<>();

    private record Ended(int code, String stdout, String stderr) {}

    LauncherScriptTest() {
        project = Path.of("");
        tools = Path.of("");
        jdk = Path.of("");
    }

    @BeforeEach
    void lay() throws IOException {
        project = Files.createDirectories(folder.resolve("ä clone of hufu"));
        Path bin = Files.createDirectories(project.resolve("bin"));
        for (String name : List.of("hufu", "test", ".common.sh", ".rehearsal.sh")) {
            Files.copy(SCRIPTS.resolve(name), bin.resolve(name));
        }
        write(project.resolve("pom.xml"), "");
        for (String module : List.of("server", "cli")) {
            write(project.resolve(module).resolve("pom.xml"), "");
            write(project.resolve(module).resolve("src/main/java/X.java"), "");
        }
        tools = Files.createDirectories(folder.resolve("tools"));
        jdk = jdk(folder.resolve("a jdk"), "25.0.3");
        executable(tools.resolve("mvn"), """
                #!/bin/sh
                if [ "$1" = -v ]; then echo "Apache Maven ${FAKE_MAVEN:-3.9.9} (x)"; exit; fi
                echo "$JAVA_HOME|$*" >> "$FAKE_LOG"
                sleep "${FAKE_BUILD_SECONDS:-0}"
                mkdir -p server/target/lib cli/target/lib bench/target/lib
                : > server/target/hufu-server-1.jar
                : > cli/target/hufu-cli-1.jar
                : > cli/target/hufu-cli-1-tests.jar
                exit "${FAKE_EXIT:-0}"
                """);
        executable(tools.resolve("cc"), "#!/bin/sh\n");
        env.put("PATH", tools + ":/usr/bin:/bin");
        env.put("HOME", Files.createDirectories(folder.resolve("home")).toString());
        env.put("HUFU_JAVA_HOME", jdk.toString());
        env.put("FAKE_LOG", folder.resolve("log").toString());
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.resolveSibling("."));
        Files.writeString(file, text);
    }

    private static void executable(Path file, String text) throws IOException {
        write(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** A directory that looks like a JDK, and whose Java writes down its arguments, one a line. */
    private static Path jdk(Path home, String version) throws IOException {
        executable(home.resolve("bin/javac"), "#!/bin/sh\n");
        executable(home.resolve("bin/java"), "#!/bin/sh\necho \"LC_ALL=$LC_ALL\"\nprintf '%s\\n' \"$@\"\ncat\n");
        write(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        return home;
    }

    private Ended run(String input, List<String> command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().clear();
        builder.environment().putAll(env);
        Path stdin = Files.createTempFile(folder, "in", "");
        Path stdout = Files.createTempFile(folder, "out", "");
        Path stderr = Files.createTempFile(folder, "err", "");
        Files.writeString(stdin, input);
        Process process = builder.redirectInput(stdin.toFile())
                .redirectOutput(stdout.toFile())
                .redirectError(stderr.toFile())
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("still running: " + command);
        }
        return new Ended(process.exitValue(), Files.readString(stdout), Files.readString(stderr));
    }

    private Ended hufu(String... arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(project.resolve("bin/hufu").toString()));
        command.addAll(List.of(arguments));
        return run("", command);
    }

    /** Which JDK is found where none is in the usual places of this machine. */
    private Ended find() throws IOException, InterruptedException {
        return run(
                "",
                List.of(
                        "sh",
                        "-euc",
                        ". \"$0\"; in_usual_places() { first_jdk \"${HOME:-}\"/.sdkman/candidates/java/*; };"
                                + " find_jdk; printf '%s' \"$JAVA_HOME\"",
                        project.resolve("bin/.common.sh").toString()));
    }

    private List<String> builds() throws IOException {
        Path log = folder.resolve("log");
        return Files.exists(log) ? Files.readAllLines(log) : List.of();
    }

    @Test
    void theFirstVerbBuildsAndRunsWithItsArgumentsAsTheyAre() throws IOException, InterruptedException {
        Ended ended = hufu("run", "--", "a b", "$(x)", "", "*");
        assertThat(ended.stderr()).contains("hufu: building");
        assertThat(ended.code()).isZero();
        assertThat(builds()).containsExactly(jdk + "|-B -ntp -Pquick -DskipTests package -pl server,cli,bench -am");
        assertThat(ended.stdout())
                .startsWith("LC_ALL=C.UTF-8\n-Xshare:auto\n-XX:+UseSerialGC\n-XX:+UseCompactObjectHeaders\n")
                .endsWith("-cp\n" + project + "/cli/target/hufu-cli-1.jar:" + project
                        + "/cli/target/lib/*.jar\ndev.hufu.cli.Main\nrun\n--\na b\n$(x)\n\n*\n");
    }

    @Test
    void theServerHasAClassPathOfItsOwn() throws IOException, InterruptedException {
        Ended ended = hufu("server", "--data", "/tmp/ü");
        assertThat(ended.stdout())
                .endsWith("-cp\n" + project + "/server/target/hufu-server-1.jar:" + project
                        + "/server/target/lib/*.jar\ndev.hufu.server.Main\n--data\n/tmp/ü\n");
    }

    @Test
    void aCacheIsUsedWhereThereIsOne() throws IOException, InterruptedException {
        hufu("version");
        for (String room : List.of("cli", "server")) {
            assertThat(project.resolve(room).resolve("target/hufu.aot")).doesNotExist();
            write(project.resolve(room).resolve("target/hufu.aot"), "");
        }
        assertThat(hufu("version").stdout()).contains("\n-XX:AOTCache=" + project + "/cli/target/hufu.aot\n");
        assertThat(hufu("server").stdout()).contains("\n-XX:AOTCache=" + project + "/server/target/hufu.aot\n");
    }

    @Test
    void theRehearsalOfTheBuildLeavesACacheForEach() throws IOException, InterruptedException {
        executable(jdk.resolve("bin/java"), """
                #!/bin/sh
                case $1 in -XX:AOTCacheOutput=*) echo "$*" > "${1#*=}" ;; esac
                case "$*" in
                    *server.Main*) echo "hufu: ready on http://127.0.0.1:1"; exec sleep 60 ;;
                    *Rehearsal*) echo "$HUFU_URL $HUFU_DATA" > "$HOME/rehearsed" ;;
                esac
                """);
        Ended ended = hufu("version");
        assertThat(ended.stdout()).isEmpty();
        assertThat(project.resolve("server/target/hufu.aot")).content().contains("--listen 127.0.0.1:0");
        assertThat(project.resolve("cli/target/hufu.aot")).content().contains("dev.hufu.cli.Rehearsal");
        assertThat(folder.resolve("home/rehearsed"))
                .content()
                .startsWith("http://127.0.0.1:1 /")
                .contains("/data");
    }

    @Test
    void whatIsBuiltIsBuiltAgainWhenASourceIsNewerOrGone() throws IOException, InterruptedException {
        hufu("version");
        assertThat(hufu("version").stderr()).isEmpty();
        assertThat(builds()).hasSize(1);
        Files.setLastModifiedTime(project.resolve("server/src/main/java/X.java"), FileTime.from(Instant.now()));
        hufu("version");
        assertThat(builds()).hasSize(2);
        Files.delete(project.resolve("cli/src/main/java/X.java"));
        hufu("version");
        assertThat(builds()).hasSize(3);
        assertThat(hufu("version").stderr()).isEmpty();
    }

    @Test
    void aBuildThatFailedIsTriedAgain() throws IOException, InterruptedException {
        env.put("FAKE_EXIT", "1");
        Ended failed = hufu("version");
        assertThat(failed.code()).isEqualTo(1);
        assertThat(failed.stdout()).isEmpty();
        assertThat(failed.stderr()).contains("hufu: the build failed");
        env.remove("FAKE_EXIT");
        assertThat(hufu("version").code()).isZero();
        assertThat(builds()).hasSize(2);
    }

    @Test
    void twoAtOnceBuildOnce() throws Exception {
        env.put("FAKE_BUILD_SECONDS", "2");
        List<FutureTask<Ended>> started = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            FutureTask<Ended> one = new FutureTask<>(() -> hufu("version"));
            started.add(one);
            Threads.platform("launch", one).start();
        }
        for (FutureTask<Ended> one : started) {
            assertThat(one.get().code()).isZero();
        }
        assertThat(builds()).hasSize(1);
    }

    @Test
    void aLinkFromElsewhereLeadsHere() throws IOException, InterruptedException {
        Path link = Files.createSymbolicLink(tools.resolve("tally"), project.resolve("bin/hufu"));
        Files.createSymbolicLink(tools.resolve("hufu"), Path.of("tally"));
        env.remove("HOME");
        Ended ended = run("from stdin", List.of("env", "hufu", "version"));
        assertThat(link).exists();
        assertThat(ended.stdout()).contains(project + "/cli/target/lib/*.jar").endsWith("version\nfrom stdin");
    }

    @Test
    void theVersionOfMavenIsChecked() throws IOException, InterruptedException {
        env.put("FAKE_MAVEN", "3.6.3");
        Ended ended = hufu("version");
        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.stderr())
                .isEqualTo("hufu: Maven 3.6.3 is too old: 3.8.7 or later is needed."
                        + " Put a newer one first on the PATH.\n");
    }

    @ParameterizedTest
    @CsvSource({"mvn, no Maven found, apt install maven", "cc, no C compiler found, apt install gcc"})
    void whatABuildLacksIsSaidInOneLine(String tool, String complaint, String remedy)
            throws IOException, InterruptedException {
        Files.delete(tools.resolve(tool));
        for (String each : List.of("dirname", "readlink", "find", "mkdir", "sed", "tr", "rm", "rmdir", "mv")) {
            executable(tools.resolve(each), "#!/bin/sh\nexec /usr/bin/" + each + " \"$@\"\n");
        }
        env.put("PATH", tools.toString());
        Ended ended = hufu("version");
        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.stderr())
                .startsWith("hufu: " + complaint)
                .contains(remedy)
                .containsOnlyOnce("\n");
    }

    @ParameterizedTest
    @CsvSource({
        "25, true",
        "25.0.3, true",
        "26-ea, true",
        "100.1, true",
        "24.0.1, false",
        "17.0.15, false",
        "1.8.0_401, false",
        "9, false",
        "'', false",
        "x25, false"
    })
    void aJdkIsKnownByItsReleaseFile(String version, boolean good) throws IOException, InterruptedException {
        Path home = jdk(folder.resolve("other jdk"), version);
        env.put("HUFU_JAVA_HOME", home.toString());
        Ended ended = find();
        assertThat(ended.code()).isEqualTo(good ? 0 : 1);
        assertThat(ended.stdout()).isEqualTo(good ? home.toString() : "");
        assertThat(ended.stderr())
                .isEqualTo(good ? "" : "hufu: HUFU_JAVA_HOME=" + home + " is not a JDK 25 or later.\n");
    }

    @Test
    void aJdkIsFoundWhereverItIs() throws IOException, InterruptedException {
        env.remove("HUFU_JAVA_HOME");
        env.put("PATH", "/usr/bin:/bin");
        Path seventeen = jdk(folder.resolve("jdk 17"), "17.0.1");
        env.put("JAVA_HOME", seventeen.toString());
        Path shims = Files.createDirectories(folder.resolve("shims"));
        Files.createSymbolicLink(shims.resolve("java"), seventeen.resolve("bin/java"));
        env.put("PATH", shims + ":/usr/bin:/bin");

        Ended none = find();
        assertThat(none.code()).isEqualTo(1);
        assertThat(none.stderr())
                .startsWith("hufu: no JDK 25 or later found.")
                .contains("apt install", "dnf install", "brew install", "HUFU_JAVA_HOME")
                .containsOnlyOnce("\n");

        Path usual = jdk(folder.resolve("home/.sdkman/candidates/java/25.0.1 x"), "25.0.1");
        jdk(folder.resolve("home/.sdkman/candidates/java/21"), "21.0.1");
        assertThat(find().stdout()).isEqualTo(usual.toString());

        Files.delete(shims.resolve("java"));
        Files.createSymbolicLink(shims.resolve("java"), jdk.resolve("bin/java"));
        assertThat(find().stdout()).isEqualTo(jdk.toRealPath().toString());

        Path own = jdk(folder.resolve("own"), "25");
        env.put("JAVA_HOME", own.toString());
        assertThat(find().stdout()).isEqualTo(own.toString());
    }

    @Test
    void theTestCommandIsMavensAndExitsAsItDoes() throws IOException, InterruptedException {
        String test = project.resolve("bin/test").toString();
        assertThat(run("", List.of(test, "--help")).stdout()).startsWith("Usage: bin/test");
        assertThat(builds()).isEmpty();
        assertThat(run("", List.of(test)).code()).isZero();
        env.put("FAKE_EXIT", "3");
        assertThat(run("", List.of(test, "--all", "-pl", "cli")).code()).isEqualTo(3);
        assertThat(builds())
                .containsExactly(jdk + "|-B -ntp verify", jdk + "|-B -ntp verify -Dhufu.excludedGroups= -Papi -pl cli");
    }
}
