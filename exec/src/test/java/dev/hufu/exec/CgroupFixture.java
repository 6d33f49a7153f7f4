package dev.hufu.exec;

import dev.hufu.exec.Isolation.CgroupKind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Launchers held to one kind of control groups, and a look at the groups an attempt was put into. */
final class CgroupFixture {
    private static final int HEADER_SIZE = 4096;
    private static final int VERSION_AT = 660;
    private static final int NAMES_AT = 1152;
    private static final int NAMES_SIZE = 2048;

    private CgroupFixture() {}

    static ProcessLauncher launcher(CgroupKind kind) throws IOException {
        return launcher(LauncherConfig.defaults().withCgroups(kind));
    }

    /** Skips the test where this machine has no such groups. */
    static ProcessLauncher launcher(LauncherConfig config) throws IOException {
        try {
            return ProcessLaunchers.nativeLauncher(
                    config, Clock.systemUTC(), Thread.ofVirtual().factory());
        } catch (IOException e) {
            Assumptions.assumeFalse(
                    String.valueOf(e.getMessage()).contains("no control groups"), "this machine: " + e.getMessage());
            throw e;
        }
    }

    static boolean isRoot() throws IOException {
        return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    }

    /** The groups of an attempt, as its file names them, whether they are still there or not. */
    static List<Path> groupsOf(Path attemptFile) throws IOException {
        ByteBuffer header;
        try (InputStream in = Files.newInputStream(attemptFile)) {
            header = ByteBuffer.wrap(in.readNBytes(HEADER_SIZE)).order(ByteOrder.LITTLE_ENDIAN);
        }
        if (header.getInt(VERSION_AT) == 0) {
            return List.of();
        }
        byte[] names = new byte[NAMES_SIZE];
        header.get(NAMES_AT, names);
        return Stream.of(new String(names, StandardCharsets.UTF_8).split("\0", -1))
                .filter(name -> !name.isEmpty())
                .map(Path::of)
                .toList();
    }
}
