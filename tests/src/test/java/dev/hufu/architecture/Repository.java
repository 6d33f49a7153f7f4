package dev.hufu.architecture;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where the sources lie. */
public final class Repository {
    private Repository() {}

    /** The directory that holds the whole project. */
    public static Path root() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.exists(directory.resolve("docs/one-run.md"))) {
            Path parent = directory.getParent();
            if (parent == null) {
                throw new IllegalStateException("not inside the repository");
            }
            directory = parent;
        }
        return directory;
    }
}
