package dev.hufu.server.store.sqlite;

import dev.hufu.server.audit.ChainCheck;
import dev.hufu.server.audit.HashChain;
import dev.hufu.server.store.sql.AuditLog;
import dev.hufu.server.store.sql.Dialect;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The audit log in a database file, read as it is and without writing: beside a server that runs, or of one that has ended, or a
 * copy. What is read is of one moment. For one thread, which closes it.
 */
public final class AuditFile implements AutoCloseable {
    private static final String ENTRIES = """
            SELECT sequence, at, actor, action, subject, detail, previous_hash, hash
            FROM audit_entries WHERE sequence >= ? ORDER BY sequence""";

    private static final long NANOS = 1_000_000_000;

    private final Connection connection;

    private AuditFile(Connection connection) {
        this.connection = connection;
    }

    /** @throws IOException with a message for people, where the file is no store, or cannot be read */
    public static AuditFile open(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + " is not there, or no file");
        }
        try {
            return new AuditFile(begun(file, false));
        } catch (SQLException refused) {
            // Beside a file in a directory where nothing may be written SQLite cannot have its index of the log.
            boolean log = Files.exists(file.resolveSibling(file.getFileName() + "-wal"));
            if (!log && SqliteDialect.INSTANCE.meaning(refused) != Dialect.Meaning.BROKEN) {
                try {
                    return new AuditFile(begun(file, true));
                } catch (SQLException alsoRefused) {
                    refused.addSuppressed(alsoRefused);
                }
            }
            throw new IOException(file + " cannot be read as a store: " + refused.getMessage(), refused);
        }
    }

    private static Connection begun(Path file, boolean immutable) throws SQLException {
        Connection connection = Database.readOnly(file, immutable);
        try (Statement statement = connection.createStatement()) {
            statement.execute("BEGIN");
            statement.execute("SELECT count(*) FROM (SELECT 1 FROM audit_entries LIMIT 1)");
            return connection;
        } catch (SQLException refused) {
            connection.close();
            throw refused;
        }
    }

    /** With which entry the log begins, as the store says. */
    public ChainCheck.Beginning beginning() throws IOException {
        try (Statement statement = connection.createStatement()) {
            try (ResultSet tables = statement.executeQuery(
                    "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'audit_anchor'")) {
                if (!tables.next()) {
                    // Stores of before retention kept everything.
                    return new ChainCheck.Beginning.First();
                }
            }
            try (ResultSet row = statement.executeQuery("SELECT sequence, hash FROM audit_anchor")) {
                return row.next()
                        ? new ChainCheck.Beginning.After(row.getLong(1), text(row, 2))
                        : new ChainCheck.Beginning.First();
            }
        } catch (SQLException failed) {
            throw new IOException("the store cannot be read: " + failed.getMessage(), failed);
        }
    }

    /**
     * Hands on every entry from this sequence on, in order. One that was made unreadable is handed on as one that cannot have
     * been recorded.
     *
     * @throws IOException with a message for people, where the file is damaged in between
     */
    public void read(long from, Consumer<HashChain.Link> entry) throws IOException {
        long next = from;
        try (PreparedStatement statement = connection.prepareStatement(ENTRIES)) {
            statement.setLong(1, from);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    next = rows.getLong(1);
                    entry.accept(link(rows));
                    next++;
                }
            }
        } catch (SQLException failed) {
            throw new IOException(
                    "the store is damaged: it cannot be read from entry " + next + " on (" + failed.getMessage() + ")",
                    failed);
        }
    }

    private static HashChain.Link link(ResultSet row) throws SQLException {
        return new HashChain.Link(
                new HashChain.Content(
                        row.getLong(1), at(row.getLong(2)), text(row, 3), text(row, 4), text(row, 5), detail(row)),
                text(row, 7),
                text(row, 8));
    }

    private static Instant at(long nanos) {
        return Instant.ofEpochSecond(Math.floorDiv(nanos, NANOS), Math.floorMod(nanos, NANOS));
    }

    private static Map<String, String> detail(ResultSet row) throws SQLException {
        String text = text(row, 6);
        try {
            return Map.copyOf(AuditLog.detail(text));
        } catch (IllegalArgumentException | NullPointerException unreadable) {
            return Map.of("unreadable", text);
        }
    }

    /** The file may have been given a schema that allows nothing to be there. */
    private static String text(ResultSet row, int column) throws SQLException {
        @Nullable String text = row.getString(column);
        return text == null ? "" : text;
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException nothingWasWritten) {
            throw new IllegalStateException(nothingWasWritten);
        }
    }
}
