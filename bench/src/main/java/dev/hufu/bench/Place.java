package dev.hufu.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A scratch directory with what is measured against, and the launcher that starts Hufu. Removed when this is closed. */
final class Place implements AutoCloseable {
    private final Path hufu;
    private final Path directory;
    private final Path limit;
    private int names;

    private Place(Path hufu, Path directory, Path limit) {
        this.hufu = hufu;
        this.directory = directory;
        this.limit = limit;
    }

    /** Builds the program of limits with {@code cc}. */
    static Place open(Path hufu) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("hufu-bench-");
        Path limit = directory.resolve("limit");
        Path source = resource("limit.c", directory);
        String compiler = Optional.ofNullable(System.getenv("CC")).orElse("cc");
        Program.output(List.of(compiler, "-O2", "-o", limit.toString(), source.toString()), Map.of());
        return new Place(hufu, directory, limit);
    }

    /** Builds the server that is written in Go; empty where there is no Go, or no Gin. */
    Optional<Path> gin() throws IOException, InterruptedException {
        return go("gin", "no Go with Gin");
    }

    /** Builds the program that is written in Go; empty where there is no Go. */
    Optional<Path> goPeer() throws IOException, InterruptedException {
        return go("peer", "no Go");
    }

    private Optional<Path> go(String name, String without) throws IOException, InterruptedException {
        Path program = directory.resolve(name);
        Path source = resource(name + ".go", directory);
        Map<String, String> environment = Map.of("GO111MODULE", "off", "GOPATH", "/usr/share/gocode");
        try {
            Program.output(List.of("go", "build", "-o", program.toString(), source.toString()), environment);
        } catch (IOException missing) {
            System.err.println("hufu bench: " + without + " here, so it is left out: " + missing.getMessage());
            return Optional.empty();
        }
        return Optional.of(program);
    }

    Path hufu() {
        return hufu;
    }

    /** The program of limits. */
    Path limit() {
        return limit;
    }

    /** What the program of limits measured in this mode. */
    JsonNode limit(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(limit.toString());
        command.addAll(List.of(arguments));
        return JsonMapper.shared().readTree(Program.output(command, Map.of()));
    }

    Sample limitSample(String... arguments) throws IOException, InterruptedException {
        JsonNode figures = limit(arguments);
        return new Sample(
                figures.path("perSecond").asDouble(),
                figures.path("p50Micros").asDouble(),
                figures.path("p99Micros").asDouble());
    }

    /** A path that nothing has used. */
    Path fresh(String name) {
        return directory.resolve(name + "-" + names++);
    }

    private static Path resource(String name, Path directory) throws IOException {
        Path file = directory.resolve(name);
        try (InputStream source = Place.class.getResourceAsStream(name)) {
            if (source == null) {
                throw new IOException(name + " is not packed");
            }
            Files.copy(source, file);
        }
        return file;
    }

    @Override
    public void close() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
