package dev.hufu.cli;

import dev.hufu.support.line.ManPage;
import dev.hufu.support.line.VerbSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the manual, a page for hufu and one for each verb, into a directory: a step of the build. */
public final class Manual {
    private Manual() {}

    public static void main(String[] arguments) throws IOException {
        write(Path.of(arguments[0]));
    }

    static void write(Path directory) throws IOException {
        String version = VersionVerb.version();
        Files.createDirectories(directory);
        Files.writeString(
                directory.resolve("hufu.1"),
                ManPage.of(Verbs.SUMMARY, Verbs.specs(), Session.SHARED, Verbs.ENVIRONMENT, version));
        for (VerbSpec verb : Verbs.specs()) {
            Files.writeString(
                    directory.resolve("hufu-" + verb.name() + ".1"),
                    ManPage.of(verb, Session.SHARED, Verbs.ENVIRONMENT, version));
        }
    }
}
