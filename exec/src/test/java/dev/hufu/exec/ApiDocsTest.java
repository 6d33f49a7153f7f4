package dev.hufu.exec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ApiDocsTest {
    private static final Path SOURCES = Path.of("src/main/java");

    @Test
    void everythingPublicIsDescribed(@TempDir Path directory) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(found, Locale.ROOT, null);
                Stream<Path> sources = Files.walk(SOURCES)) {
            List<String> options = List.of(
                    "-proc:none",
                    "-Xdoclint:all/public",
                    "-Xdoclint/package:dev.hufu.exec",
                    "-Xmaxwarns",
                    "10000",
                    "-cp",
                    System.getProperty("java.class.path"),
                    "-d",
                    directory.toString());
            List<Path> all =
                    sources.filter(each -> each.toString().endsWith(".java")).toList();
            assertThat(compiler.getTask(null, files, found, options, null, files.getJavaFileObjectsFromPaths(all))
                            .call())
                    .isTrue();
        }

        List<String> missing = new ArrayList<>();
        found.getDiagnostics().forEach(each -> {
            String message = each.getMessage(Locale.ROOT);
            if (message.contains("no comment") || message.contains("reference not found")) {
                missing.add(each.getSource() + ":" + each.getLineNumber() + " " + message);
            }
        });
        assertThat(found.getDiagnostics()).as("doclint looked").isNotEmpty();
        assertThat(missing).isEmpty();
    }
}
