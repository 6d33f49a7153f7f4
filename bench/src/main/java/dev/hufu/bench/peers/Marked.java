package dev.hufu.bench.peers;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Processes that are known by a number on their command line which no other has: {@link #seconds} as the argument of sleep. */
public final class Marked implements AutoCloseable {
    private static final Path PROCESSES = Path.of("/proc");
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String seconds;

    /** @param seconds how long its sleepers sleep */
    public Marked(int seconds) {
        this.seconds = seconds + "." + (1_000_000_000L + RANDOM.nextInt(1_000_000_000));
    }

    public String seconds() {
        return seconds;
    }

    /** How many of its sleepers there are. */
    public int alive() throws IOException {
        return pids().size();
    }

    /** Waits until there are so many, for at most this long; how many there are. */
    public int await(int count, Duration limit) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        int alive = alive();
        while (alive != count && System.nanoTime() < deadline) {
            Thread.sleep(10);
            alive = alive();
        }
        return alive;
    }

    private List<Long> pids() throws IOException {
        byte[] marker = ("\0" + seconds + "\0").getBytes(StandardCharsets.US_ASCII);
        List<Long> pids = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(PROCESSES, "[0-9]*")) {
            for (Path entry : entries) {
                try {
                    String line = Files.readString(entry.resolve("cmdline"), StandardCharsets.ISO_8859_1);
                    if (line.startsWith("sleep\0") && line.endsWith(new String(marker, StandardCharsets.ISO_8859_1))) {
                        pids.add(Long.parseLong(entry.getFileName().toString()));
                    }
                } catch (IOException ignored) {
                    // Ended while the list was read.
                }
            }
        }
        return pids;
    }

    /** Kills those that are left. */
    @Override
    public void close() throws IOException {
        kill();
    }

    /** Kills those that there are now. */
    public void kill() throws IOException {
        pids().forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
    }
}
