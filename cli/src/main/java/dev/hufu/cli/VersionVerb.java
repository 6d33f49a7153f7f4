package dev.hufu.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import tools.jackson.databind.node.JsonNodeFactory;

/** {@code hufu version}: of this program, and of the Java that it runs on. Asks no server. */
@Command(name = "version", description = "print the version of this program")
final class VersionVerb implements Callable<Integer> {
    private final HufuCommand root;

    @Mixin
    private OutputFormat format = new OutputFormat();

    VersionVerb(HufuCommand root) {
        this.root = root;
    }

    @Override
    public Integer call() throws IOException {
        String version = version();
        String java = System.getProperty("java.version", "unknown");
        root.surroundings()
                .page()
                .println(
                        format.json()
                                ? JsonPage.text(JsonNodeFactory.instance
                                        .objectNode()
                                        .put("version", version)
                                        .put("java", java))
                                : "hufu " + version + " (Java " + java + ")");
        return ExitCode.SUCCESS;
    }

    private static String version() throws IOException {
        try (InputStream stream = VersionVerb.class.getResourceAsStream("version.properties")) {
            if (stream == null) {
                throw new Complaints.CannotException("this program was put together without its version");
            }
            Properties properties = new Properties();
            properties.load(stream);
            return properties.getProperty("version", "unknown");
        }
    }
}
