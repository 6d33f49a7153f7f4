package dev.hufu.server.store.sqlite;

import dev.hufu.server.store.sql.Statements;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Brings the schema to this version's, forward only, by scripts that are numbered from 1 without a hole. Each is one transaction
 * that ends by setting {@code user_version}, so that a killed migration is simply run again.
 */
final class Migrations {
    static final int NEWEST = 5;

    private static final String PLACE = "db/migration/sqlite/";
    private static final Pattern NAME = Pattern.compile("V([1-9][0-9]{0,3})__[a-z0-9_]+\\.sql");

    private Migrations() {}

    static void run(Database database) throws SQLException {
        int version = version(database);
        if (version > NEWEST) {
            throw new IllegalStateException("The store " + database.file() + " was written by a newer version of Hufu"
                    + " (schema " + version + ", this one knows " + NEWEST
                    + "). Start that version, or restore a backup"
                    + " of before the upgrade.");
        }
        if (version < NEWEST) {
            upTo(database, NEWEST);
        }
    }

    /** Brings a store of a lower schema to {@code target}. */
    static void upTo(Database database, int target) throws SQLException {
        int version = version(database);
        try (Connection connection = database.source().getConnection()) {
            connection.setAutoCommit(false);
            for (String script : scripts().subMap(version + 1, target + 1).values()) {
                apply(connection, script);
            }
        } catch (SQLException | IOException failed) {
            throw new IllegalStateException(
                    "The store " + database.file() + " could not be brought to schema " + target + ": "
                            + failed.getMessage(),
                    failed);
        }
        if (version(database) != target) {
            throw new IllegalStateException("The migrations of the store did not end at schema " + target);
        }
    }

    private static void apply(Connection connection, String script) throws SQLException, IOException {
        try (InputStream stream = Migrations.class.getResourceAsStream("/" + PLACE + script);
                Statement statement = connection.createStatement()) {
            if (stream == null) {
                throw new IOException(script + " is missing");
            }
            // The driver carries out all statements of an update, one after the other.
            statement.executeUpdate(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
            connection.commit();
        }
    }

    /** The scripts of this program by number; looked for only where there is something to migrate. */
    private static SortedMap<Integer, String> scripts() throws IOException {
        SortedMap<Integer, String> scripts = new TreeMap<>();
        for (String name : names()) {
            Matcher matcher = NAME.matcher(name);
            if (matcher.matches()) {
                scripts.put(Integer.parseInt(matcher.group(1)), name);
            }
        }
        if (scripts.size() != NEWEST || scripts.lastKey() != NEWEST) {
            throw new IOException("this program has the migrations " + scripts.keySet() + " and not 1 to " + NEWEST);
        }
        return scripts;
    }

    private static List<String> names() throws IOException {
        URL place = Migrations.class.getResource("/" + PLACE);
        if (place == null) {
            throw new IOException("this program has no migrations");
        }
        if (place.openConnection() instanceof JarURLConnection jar) {
            return jar.getJarFile().stream()
                    .map(entry -> entry.getName())
                    .filter(name -> name.startsWith(PLACE))
                    .map(name -> name.substring(PLACE.length()))
                    .toList();
        }
        try (Stream<Path> files = Files.list(Path.of(place.toURI()))) {
            return files.map(file -> file.getFileName().toString()).toList();
        } catch (URISyntaxException impossible) {
            throw new IOException(impossible);
        }
    }

    private static int version(Database database) throws SQLException {
        try (Statements statements = new Statements(database.source().getConnection(), SqliteDialect.INSTANCE)) {
            return statements
                    .query("PRAGMA user_version")
                    .first(row -> row.getInt(1))
                    .orElse(0);
        }
    }
}
