package dev.hufu.server.store.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MigrationStepsTest {
    @TempDir
    private Path folder;

    private Database database;

    MigrationStepsTest() {
        database = new Database(Path.of(""));
    }

    @BeforeEach
    void open() throws IOException {
        database = new Database(folder.resolve("a store.db"));
        database.create();
    }

    private void run(String sql) throws SQLException {
        try (Connection connection = database.source().getConnection();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        }
    }

    private List<String> ask(String sql) throws SQLException {
        List<String> answers = new ArrayList<>();
        try (Connection connection = database.source().getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                answers.add(rows.getString(1));
            }
        }
        return answers;
    }

    @Test
    void anEmptyStoreIsBroughtToTheNewestSchemaOnce() throws SQLException {
        Migrations.run(database);
        assertThat(ask("PRAGMA user_version")).containsExactly(String.valueOf(Migrations.NEWEST));
        List<String> schema = ask("SELECT sql FROM sqlite_schema ORDER BY name");
        Migrations.run(database);
        assertThat(ask("SELECT sql FROM sqlite_schema ORDER BY name")).isEqualTo(schema);
    }

    @Test
    void f40_aMigrationThatEndsHalfwayLeavesNothingAndIsRunAgain() throws SQLException {
        // Stands in the way of one of the last statements of the first script.
        run("CREATE TABLE probe (x)");
        assertThatThrownBy(() -> Migrations.run(database))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("a store.db could not be brought to schema");
        assertThat(ask("SELECT name FROM sqlite_schema")).containsExactly("probe");
        assertThat(ask("PRAGMA user_version")).containsExactly("0");
        run("DROP TABLE probe");
        Migrations.run(database);
        assertThat(ask("SELECT name FROM sqlite_schema")).contains("runs");
    }

    @Test
    void f40_aNewerSchemaIsRefused() throws SQLException {
        run("PRAGMA user_version = 999");
        assertThatThrownBy(() -> Migrations.run(database)).hasMessageContaining("newer version of Hufu");
    }
}
