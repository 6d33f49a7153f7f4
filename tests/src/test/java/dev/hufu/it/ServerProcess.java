package dev.hufu.it;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A server as an operator has it: a process of its own with a data directory, on a free port, that can be killed and started
 * again. Closing it ends the server and every process that ran for it, and fails where one is left.
 */
public final class ServerProcess implements AutoCloseable {
    private static final String READY = "hufu: ready on ";
    private static final Path LOGS = Path.of("target", "server-logs").toAbsolutePath();
    private static final Duration START_LIMIT = Duration.ofSeconds(60);

    private final Path data;
    private final Path runtime;
    private final Map<String, String> environment = new HashMap<>();
    private final List<String> prefix = new ArrayList<>();
    private final List<String> arguments = new ArrayList<>();
    private String classPath = System.getProperty("java.class.path");
    private Path javaHome = Path.of(System.getProperty("java.home"));
    private int starts;
    private @Nullable Process process;
    private @Nullable Api api;
    private @Nullable URI address;

    ServerProcess(Path data) throws IOException {
        this.data = data;
        // Sockets need short paths, which a build directory does not promise.
        this.runtime = Files.createTempDirectory(Path.of("/tmp"), "hufu-it-");
        environment.put("XDG_RUNTIME_DIR", runtime.toString());
        Files.createDirectories(LOGS);
    }

    public static ServerProcess started(Path data, String... arguments) throws IOException {
        ServerProcess server = new ServerProcess(data);
        server.arguments.addAll(List.of(arguments));
        server.start();
        return server;
    }

    /** How a server ends that does not start. */
    static int exitOf(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.hufu.server.Main"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!process.waitFor(START_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the server was to end, and runs");
        }
        return process.exitValue();
    }

    Map<String, String> environment() {
        return environment;
    }

    /** What the server's command line begins with, as in {@code setpriv}. */
    List<String> prefix() {
        return prefix;
    }

    /** What its command line ends with. */
    List<String> arguments() {
        return arguments;
    }

    /** Runs the server from a copy of its classes below this directory, for users who may not read where they lie. */
    void copyClasses(Path target) throws IOException {
        List<String> copies = new ArrayList<>();
        for (String entry : classPath.split(File.pathSeparator, -1)) {
            Path source = Path.of(entry);
            if (!Files.exists(source)) {
                continue;
            }
            Path copy = target.resolve(copies.size() + "-" + source.getFileName());
            copies.add(copy.toString());
            try (Stream<Path> files = Files.walk(source)) {
                for (Path file : files.toList()) {
                    Files.copy(file, copy.resolve(source.relativize(file).toString()));
                }
            }
        }
        classPath = String.join(File.pathSeparator, copies);
    }

    /** Runs the server from a JDK made here: copies of what is loaded first, links to the rest. */
    void copyJava(Path target) throws IOException {
        List<String> copied =
                List.of("bin/java", "lib/libjli.so", "lib/libjava.so", "lib/modules", "lib/server/libjvm.so");
        try (Stream<Path> files = Files.walk(javaHome)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path relative = javaHome.relativize(file);
                Path made = target.resolve(relative);
                Files.createDirectories(made.resolve("..").normalize());
                if (copied.contains(relative.toString())) {
                    Files.copy(file, made, StandardCopyOption.COPY_ATTRIBUTES);
                } else {
                    Files.createSymbolicLink(made, file);
                }
            }
        }
        javaHome = target;
    }

    /** What the server's classes are loaded from. */
    String classPath() {
        return classPath;
    }

    /** Waits for it to end by itself. @return the exit code */
    int awaitEnd(Duration limit) throws InterruptedException {
        Process current = require(process);
        if (!current.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("the server did not end within " + limit);
        }
        return current.exitValue();
    }

    public Path data() {
        return data;
    }

    public Path runtime() {
        return runtime;
    }

    /** Kept after the test, so that a failure can be understood. */
    public Path log() {
        return LOGS.resolve(runtime.getFileName() + "-" + starts + ".log");
    }

    public ServerProcess start() throws IOException {
        starts++;
        List<String> command = new ArrayList<>(prefix);
        command.add(javaHome.resolve("bin").resolve("java").toString());
        command.addAll(List.of(
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                classPath,
                "dev.hufu.server.Main",
                "--data",
                data.toString(),
                "--listen",
                "127.0.0.1:0"));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        builder.redirectError(log().toFile());
        Process started = builder.start();
        process = started;
        String line = readyLine(started);
        URI at = URI.create(line.substring(READY.length()).strip());
        address = at;
        String token = Files.readString(data.resolve("admin.token")).strip();
        api = new Api(at, token);
        return this;
    }

    private String readyLine(Process started) throws IOException {
        CompletableFuture<String> first = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("server-stdout").start(() -> {
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8))) {
                String line = lines.readLine();
                first.complete(line == null ? "" : line);
                while (line != null) {
                    line = lines.readLine();
                }
            } catch (IOException closed) {
                first.complete("");
            }
        });
        try {
            String line = first.get(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
            if (line.startsWith(READY)) {
                return line;
            }
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            started.destroyForcibly();
            throw new IOException("the server did not start: " + Files.readString(log()), e);
        }
        throw new IOException("the server did not start: " + Files.readString(log()));
    }

    public Api api() {
        return require(api);
    }

    public URI address() {
        return require(address);
    }

    public long pid() {
        return require(process).pid();
    }

    /** The launcher of the server that runs now. */
    long launcher() {
        return Proc.children(pid()).stream()
                .filter(child -> Proc.programsBelow(runtime).contains(child))
                .findFirst()
                .orElseThrow(() -> new AssertionError("the server has no launcher"));
    }

    /** The supervisor of the process with this id: its parent, or the one after. */
    long supervisorOf(long main) {
        long parent = Proc.parent(main);
        if (!Proc.programsBelow(runtime).contains(parent)) {
            throw new AssertionError("the parent of " + main + " is no supervisor: " + parent);
        }
        return parent;
    }

    /** SIGKILL, as the kernel or an impatient operator sends it; returns when the process is gone. */
    void kill9() throws InterruptedException {
        Process current = require(process);
        current.destroyForcibly();
        current.waitFor();
    }

    /** SIGTERM. @return the exit code */
    public int terminate() throws InterruptedException {
        Process current = require(process);
        current.destroy();
        if (!current.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("the server did not end within 60 s of SIGTERM");
        }
        return current.exitValue();
    }

    public boolean running() {
        Process current = process;
        return current != null && current.isAlive();
    }

    /** Ends whatever still runs for this server; what is alive when this returns is a failure. */
    @Override
    public void close() {
        try {
            if (running()) {
                terminate();
            }
            for (long supervisor : Proc.programsBelow(runtime)) {
                for (long child : Proc.children(supervisor)) {
                    ProcessHandle.of(child)
                            .filter(handle -> Proc.parent(child) == supervisor)
                            .ifPresent(ProcessHandle::destroyForcibly);
                }
            }
            Eventually.holds(
                    () -> "no launcher or supervisor left: " + Proc.programsBelow(runtime),
                    Duration.ofSeconds(30),
                    () -> Proc.programsBelow(runtime).isEmpty());
            try (Stream<Path> files = Files.walk(runtime)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while closing", interrupted);
        } catch (IOException undeletable) {
            throw new UncheckedIOException(undeletable);
        }
    }

    private static <T> T require(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("the server was not started");
        }
        return value;
    }
}
