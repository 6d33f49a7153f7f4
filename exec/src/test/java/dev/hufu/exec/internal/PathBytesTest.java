package dev.hufu.exec.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class PathBytesTest {
    @Test
    void bytesAreThoseOfTheSystem() {
        assumeTrue("UTF-8".equals(System.getProperty("sun.jnu.encoding")), "names beyond ASCII exist");

        for (String path : new String[] {"/", "/plain", "/with space/%41/+", "/ä/中/🙂?#", "/tmp", "/ä\n"}) {
            assertThat(PathBytes.of(Path.of(path))).isEqualTo(path.getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void bytesThatDecodeToNothingAreKept() {
        Path path = Path.of(URI.create("file:///tmp/%FF%FE%C3/x"));

        assertThat(PathBytes.of(path)).isEqualTo("/tmp/\u00ff\u00fe\u00c3/x".getBytes(StandardCharsets.ISO_8859_1));
    }
}
