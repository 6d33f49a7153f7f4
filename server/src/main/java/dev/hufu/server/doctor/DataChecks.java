package dev.hufu.server.doctor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/** The data directory: whether a server can write there, how much, and how fast it is on the disk. */
final class DataChecks {
    private static final int SYNCS = 15;
    private static final int PAGE = 4_096;
    private static final long SLOW_MICROS = 20_000;
    private static final long LITTLE_ROOM = 1L << 30;

    private final Path data;
    private final LongSupplier nanoTime;

    DataChecks(Path data, LongSupplier nanoTime) {
        this.data = data;
        this.nanoTime = nanoTime;
    }

    List<Finding> all() {
        // One that is not there yet is made by the first start; where, is what can be looked at.
        Path there = data;
        while (there != null && !Files.exists(there)) {
            there = there.getParent();
        }
        if (there == null || !Files.isDirectory(there)) {
            return List.of(Finding.broken(
                    "data-directory", data + ": " + there + " is no directory", "A server does not start."));
        }
        List<Finding> all = new ArrayList<>();
        try {
            all.add(synced(there));
            all.add(room(Files.getFileStore(there)));
        } catch (IOException refused) {
            all.add(Finding.broken(
                    "data-directory",
                    data + ": " + refused.getMessage() + " ("
                            + refused.getClass().getSimpleName() + ")",
                    "A server does not start: it must be able to write there."));
        }
        holder().ifPresent(pid -> all.add(java(pid)));
        return all;
    }

    private Finding synced(Path directory) throws IOException {
        long[] micros = new long[SYNCS];
        Path file = Files.createTempFile(directory, ".hufu-doctor-", "");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (int i = 0; i < SYNCS; i++) {
                long began = nanoTime.getAsLong();
                channel.write(ByteBuffer.allocate(PAGE), (long) i * PAGE);
                channel.force(false);
                micros[i] = (nanoTime.getAsLong() - began) / 1_000;
            }
        } finally {
            Files.deleteIfExists(file);
        }
        Arrays.sort(micros);
        long median = micros[SYNCS / 2];
        String type = Files.getFileStore(directory).type();
        String found = data + " (" + type + "): " + (Files.exists(data) ? "" : "is made by the first start; ") + median
                + " µs until something is on the disk";
        if (type.equals("tmpfs") || type.equals("ramfs")) {
            return Finding.weaker(
                    "data-directory", found, "It is in memory: nothing outlives a restart of the machine.");
        }
        return median <= SLOW_MICROS
                ? Finding.ok("data-directory", found)
                : Finding.weaker(
                        "data-directory", found, "Every run that is accepted waits that long, if it waits alone.");
    }

    private static Finding room(FileStore store) throws IOException {
        long room = store.getUsableSpace();
        String found = (room >> 20) + " MiB are free where the data directory is";
        return room >= LITTLE_ROOM
                ? Finding.ok("disk-space", found)
                : Finding.weaker(
                        "disk-space",
                        found,
                        "Where it is full, runs are refused with 503 and output is counted and not kept.");
    }

    /** The process of the server that has this data directory, if one has. */
    private Optional<Long> holder() {
        try {
            String pid = Files.readString(data.resolve("server.pid"), StandardCharsets.US_ASCII)
                    .strip();
            return pid.matches("[1-9][0-9]{0,9}")
                    ? Optional.of(Long.parseLong(pid)).filter(DataChecks::isServer)
                    : Optional.empty();
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    private static boolean isServer(long pid) {
        try {
            String command = Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1);
            return command.contains("dev.hufu.server.Main");
        } catch (IOException _) {
            return false;
        }
    }

    private static Stream<String> mapped(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/maps"), StandardCharsets.ISO_8859_1).stream();
    }

    /** Archives are read and not mapped. */
    private static Stream<String> open(long pid) throws IOException {
        List<String> open = new ArrayList<>();
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/" + pid + "/fd"))) {
            for (Path descriptor : descriptors) {
                try {
                    open.add(Files.readSymbolicLink(descriptor).toString());
                } catch (NoSuchFileException _) {
                    // Closed meanwhile.
                }
            }
        } catch (DirectoryIteratorException failed) {
            throw failed.getCause();
        }
        return open.stream();
    }

    /** What an update of the JDK replaced under a running server is still open there, and gone for what is loaded next. */
    private static Finding java(long pid) {
        try {
            return Stream.concat(mapped(pid), open(pid))
                            .noneMatch(file -> file.endsWith(".so (deleted)")
                                    || file.endsWith("/modules (deleted)")
                                    || file.endsWith(".jar (deleted)"))
                    ? Finding.ok("java-files", "the server, process " + pid + ", runs from the files that are there")
                    : Finding.weaker(
                            "java-files",
                            "files were replaced under the running server, process " + pid,
                            "What it loads next may fail. Restart it: what runs goes on, and the next server takes it"
                                    + " over.");
        } catch (IOException refused) {
            return Finding.note(
                    "java-files", "the files of the server, process " + pid + ", may not be looked at", null);
        }
    }
}
