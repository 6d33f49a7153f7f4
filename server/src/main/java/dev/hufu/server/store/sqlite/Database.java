package dev.hufu.server.store.sqlite;

import dev.hufu.server.store.sql.Statements;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HexFormat;
import javax.sql.DataSource;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/** The database file: its address, its permissions, and connections to it with the settings that durability needs. */
final class Database {
    private static final int BUSY_MILLIS = 5_000;
    private static final String UNESCAPED = "/._-~";

    private final Path file;
    private final SQLiteDataSource source;

    Database(Path file) {
        this.file = file.toAbsolutePath();
        SQLiteConfig config = new SQLiteConfig();
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        config.enforceForeignKeys(true);
        config.setBusyTimeout(BUSY_MILLIS);
        // Else the driver prepares and runs a query for the last row's id after each insert.
        config.setGetGeneratedKeys(false);
        source = new SQLiteDataSource(config);
        source.setUrl(address(this.file));
    }

    /**
     * A connection that writes nothing.
     *
     * @param immutable whether nobody else writes either, so that no file is needed beside it
     */
    static Connection readOnly(Path file, boolean immutable) throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        config.setReadOnly(true);
        config.setBusyTimeout(BUSY_MILLIS);
        SQLiteDataSource source = new SQLiteDataSource(config);
        source.setUrl(address(file.toAbsolutePath()) + (immutable ? "?immutable=1" : ""));
        return source.getConnection();
    }

    private static String address(Path file) {
        return "jdbc:sqlite:file:" + escaped(file);
    }

    Path file() {
        return file;
    }

    DataSource source() {
        return source;
    }

    /** Whether the last process that wrote here ended without closing the store. */
    boolean uncleanStop() throws IOException {
        Path log = file.resolveSibling(file.getFileName() + "-wal");
        return Files.exists(log) && Files.size(log) > 0;
    }

    /** Makes the file where it is missing, for the owner only; SQLite gives its other files the same permissions. */
    void create() throws IOException {
        Path directory = file.getParent();
        if (directory != null) {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            NativeLibrary.keepIn(directory);
        }
        try {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        } catch (FileAlreadyExistsException there) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        }
    }

    Statements writing() throws SQLException {
        Statements statements = new Statements(source.getConnection(), SqliteDialect.INSTANCE);
        statements.runOnce("PRAGMA cache_size = -32768");
        // Larger than the default of 1,000: pages that change often are then copied less often.
        statements.runOnce("PRAGMA wal_autocheckpoint = 4000");
        statements.runOnce("PRAGMA journal_size_limit = 67108864");
        return statements;
    }

    Statements reading() throws SQLException {
        Statements statements = new Statements(source.getConnection(), SqliteDialect.INSTANCE);
        statements.runOnce("PRAGMA cache_size = -8192");
        statements.runOnce("PRAGMA query_only = ON");
        return statements;
    }

    /** As a URI with everything escaped: a path may hold what the driver or SQLite would take for parameters. */
    private static String escaped(Path path) {
        StringBuilder escaped = new StringBuilder();
        for (byte each : path.toString().getBytes(StandardCharsets.UTF_8)) {
            char character = (char) (each & 0xff);
            boolean plain =
                    character < 128 && (Character.isLetterOrDigit(character) || UNESCAPED.indexOf(character) >= 0);
            if (plain) {
                escaped.append(character);
            } else {
                escaped.append('%').append(HexFormat.of().withUpperCase().toHexDigits(each));
            }
        }
        return escaped.toString();
    }
}
