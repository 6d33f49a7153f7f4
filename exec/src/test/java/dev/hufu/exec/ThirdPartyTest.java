package dev.hufu.exec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library as those have it who know nothing of this project: its jar, and a JDK. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before each test.
final class ThirdPartyTest {
    private static final Path CLASSES = Path.of("target/classes");
    private static final Path SOURCES = Path.of("src/test/resources/thirdparty");
    private static final String MODULE = "dev.hufu.exec";
    private static final String SAID = """
            native exit 0 hello
            native stopped REQUESTED
            jdk exit 0 hello
            jdk stopped REQUESTED
            """;

    private static final Pattern NOT_FOUND = Pattern.compile("-> (\\S+) +not found");

    @TempDir
    Path directory;

    private Path jar;
    private Path user;

    @BeforeEach
    void pack() throws IOException {
        jar = directory.resolve("exec.jar");
        user = Files.createDirectory(directory.resolve("user"));
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue("Automatic-Module-Name", MODULE);
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest);
                Stream<Path> files = Files.walk(CLASSES).filter(Files::isRegularFile)) {
            for (Path file : files.toList()) {
                out.putNextEntry(new JarEntry(CLASSES.relativize(file).toString()));
                Files.copy(file, out);
            }
        }
    }

    @Test
    void programCompilesAndRunsWithTheJarAlone() throws Exception {
        tool("javac", "-cp", jar.toString(), "-d", user.toString(), source("org/example/user/Main.java"));

        assertThat(java("-cp", user + File.pathSeparator + jar, "org.example.user.Main"))
                .isEqualTo(SAID);
    }

    @Test
    void moduleCompilesAndRunsWithTheJarAlone() throws Exception {
        tool(
                "javac",
                "-p",
                jar.toString(),
                "-d",
                user.toString(),
                source("module-info.java"),
                source("org/example/user/Main.java"));

        assertThat(java("-p", user + File.pathSeparator + jar, "-m", "org.example.user/org.example.user.Main"))
                .isEqualTo(SAID);
        assertThat(Files.readString(Path.of("pom.xml")))
                .as("the module's name in the jar that is published")
                .contains("<Automatic-Module-Name>" + MODULE + "</Automatic-Module-Name>");
    }

    @Test
    void nothingButTheJdkIsNeeded() throws Exception {
        assertThat(tool("jdeps", "--ignore-missing-deps", "--print-module-deps", jar.toString())
                        .strip())
                .isEqualTo("java.base");
        assertThat(NOT_FOUND
                        .matcher(tool("jdeps", "-verbose:package", jar.toString()))
                        .results()
                        .map(result -> result.group(1)))
                .as("annotations, which the JVM does without")
                .isNotEmpty()
                .allMatch("org.jspecify.annotations"::equals);
        assertThat(dependencies(Files.readString(Path.of("pom.xml")))).isEmpty();
        assertThat(dependencies(Files.readString(Path.of("../pom.xml"))))
                .as("what every module gets, and hands on to nobody")
                .isNotEmpty()
                .allMatch(dependency ->
                        dependency.contains("<scope>test</scope>") || dependency.contains("<scope>provided</scope>"));
    }

    /** Of the project itself: not what it only manages, and not those of plug-ins. */
    private static List<String> dependencies(String pom) {
        String own = pom.replaceAll("(?s)<dependencyManagement>.*?</dependencyManagement>", "")
                .replaceAll("(?s)<build>.*?</build>", "")
                .replaceAll("(?s)<profiles>.*?</profiles>", "");
        List<String> found = new ArrayList<>();
        for (String part : own.split("<dependency>", -1)) {
            if (part.contains("</dependency>")) {
                found.add(part.substring(0, part.indexOf("</dependency>")));
            }
        }
        return found;
    }

    private static String source(String name) {
        return SOURCES.resolve(name).toString();
    }

    private static String tool(String name, String... arguments) {
        StringWriter said = new StringWriter();
        PrintWriter out = new PrintWriter(said);
        int code = ToolProvider.findFirst(name).orElseThrow().run(out, out, arguments);
        assertThat(code).as(name + ": " + said).isZero();
        return said.toString();
    }

    private String java(String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Djava.io.tmpdir=" + directory);
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (var output = process.getInputStream()) {
            return new String(output.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
