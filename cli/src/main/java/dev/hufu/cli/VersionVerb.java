package dev.hufu.cli;

import dev.hufu.cli.page.JsonPage;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.Option;
import dev.hufu.support.line.VerbSpec;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/** {@code hufu version}: of this program, and of the Java that it runs on. Asks no server. */
final class VersionVerb implements Verb {
    @Override
    public VerbSpec spec() {
        return VerbSpec.of("version", "print the version of this program")
                .option(Option.FORMAT)
                .build();
    }

    @Override
    public int carryOut(Session session, Arguments arguments) throws IOException {
        String version = version();
        String java = System.getProperty("java.version", "unknown");
        Map<String, String> json = new LinkedHashMap<>();
        json.put("version", version);
        json.put("java", java);
        session.print(session.json() ? JsonPage.text(json) : "hufu " + version + " (Java " + java + ")");
        return ExitCode.SUCCESS;
    }

    static String version() throws IOException {
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
