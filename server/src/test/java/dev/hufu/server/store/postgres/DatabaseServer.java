package dev.hufu.server.store.postgres;

import dev.hufu.server.store.CommitListener;
import dev.hufu.support.Threads;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A PostgreSQL server on a port and in a folder of its own, as the tests' own user or, for root, one without rights. */
public final class DatabaseServer implements AutoCloseable {
    private static final Path DEBIAN = Path.of("/usr/lib/postgresql/15/bin");
    private static final String ARCHIVE = "/postgres-linux-x86_64.txz";
    private static final AtomicInteger SCHEMAS = new AtomicInteger();

    private static @Nullable DatabaseServer newest;
    private static @Nullable DatabaseServer debian;
    private static @Nullable Path unpacked;

    static {
        Runtime.getRuntime().addShutdownHook(Threads.platform("databases-end", DatabaseServer::endAll));
    }

    private final Path bin;
    private final Path data;
    private final int port;

    private DatabaseServer(Path bin) throws IOException {
        this.bin = bin;
        data = Files.createTempDirectory("postgres").toAbsolutePath().resolve("data");
        port = freePort();
        command("initdb", "-D", data.toString(), "-A", "trust", "-U", "hufu", "-E", "UTF8", "--locale=C", "-N");
        start();
    }

    /** The newest version there is, one for all tests of this JVM. */
    public static synchronized DatabaseServer newest() {
        if (newest == null) {
            newest = fresh();
        }
        return newest;
    }

    /** Another, for a test that stops it. */
    static synchronized DatabaseServer fresh() {
        try {
            if (unpacked == null) {
                unpacked = unpack();
            }
            return new DatabaseServer(unpacked.resolve("bin"));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    static boolean hasDebian() {
        return Files.isExecutable(DEBIAN.resolve("postgres"));
    }

    /** The version of Debian 12, where it is installed. */
    static synchronized DatabaseServer debian() {
        if (debian == null) {
            try {
                debian = new DatabaseServer(DEBIAN);
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
        return debian;
    }

    private static synchronized void endAll() {
        Stream.of(newest, debian).filter(Objects::nonNull).forEach(DatabaseServer::close);
        if (unpacked != null) {
            remove(unpacked);
        }
    }

    private static void remove(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static Path unpack() throws IOException {
        Path place = Files.createTempDirectory("postgres-program");
        Path archive = place.resolve("archive.txz");
        try (InputStream stream = DatabaseServer.class.getResourceAsStream(ARCHIVE)) {
            if (stream == null) {
                throw new IOException("there is no PostgreSQL for this machine");
            }
            Files.copy(stream, archive, StandardCopyOption.REPLACE_EXISTING);
        }
        run(List.of("tar", "-xJf", archive.toString(), "-C", place.toString()));
        Files.delete(archive);
        return place;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    void start() throws IOException {
        String options = "-p " + port + " -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
                + " -c max_connections=60 -c shared_buffers=16MB";
        command("pg_ctl", "-D", data.toString(), "-l", data + ".log", "-w", "-o", options, "start");
    }

    void stop(String mode) throws IOException {
        command("pg_ctl", "-D", data.toString(), "-m", mode, "-w", "stop");
    }

    private void command(String program, String... words) throws IOException {
        List<String> command = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) {
            // In a user namespace of its own, since it refuses to run as root.
            command.addAll(List.of("unshare", "-U"));
        }
        command.add(bin.resolve(program).toString());
        command.addAll(List.of(words));
        run(command);
    }

    private static void run(List<String> command) throws IOException {
        Path log = Files.createTempFile("postgres", ".log");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            if (process.waitFor() != 0) {
                throw new IOException(command + ": " + Files.readString(log));
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
            throw new IOException(hurried);
        } finally {
            Files.delete(log);
        }
    }

    int port() {
        return port;
    }

    /** A schema that nobody else uses. */
    String schema() {
        String schema = "s" + SCHEMAS.incrementAndGet();
        run("CREATE SCHEMA " + schema);
        return schema;
    }

    PostgresSettings settings(String schema) {
        return settings(schema, port, PostgresSettings.PATIENCE);
    }

    PostgresSettings settings(String schema, int throughPort, Duration patience) {
        return new PostgresSettings(
                "127.0.0.1",
                throughPort,
                "postgres",
                "hufu",
                Map.of("schema", schema, "sslmode", "disable"),
                "none",
                patience,
                CommitListener.NONE);
    }

    private Connection connection() throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + port + "/postgres?sslmode=disable", "hufu", "none");
    }

    void run(String sql) {
        try (Connection connection = connection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    String ask(String sql) {
        try (Connection connection = connection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return String.valueOf(rows.getString(1));
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** An address as {@code hufu server --store} takes it. */
    public String address(String schema) {
        return "postgresql://hufu@127.0.0.1:" + port + "/postgres?sslmode=disable&schema=" + schema;
    }

    @Override
    public void close() {
        try {
            if (Files.exists(data.resolve("postmaster.pid"))) {
                stop("immediate");
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        remove(Objects.requireNonNull(data.getParent()));
    }
}
