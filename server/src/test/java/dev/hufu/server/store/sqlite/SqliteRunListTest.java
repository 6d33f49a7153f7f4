package dev.hufu.server.store.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunState;
import dev.hufu.server.Samples;
import dev.hufu.server.store.RunFilter;
import dev.hufu.server.store.RunListContract;
import dev.hufu.server.store.RunPage;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.sql.RunLists;
import dev.hufu.support.Timers;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class SqliteRunListTest extends RunListContract {
    @TempDir
    Path directory;

    @Override
    protected RunStore open(Timers clock) {
        return SqliteRunStore.open(directory.resolve("hufu.db"), clock, () -> {});
    }

    /** Each line of the plan is a step. Only the list of wanted labels, which came with the request, is scanned. */
    @ParameterizedTest
    @EnumSource
    void noWalkScansOrSortsTheHistory(RunLists.Walk walk) throws SQLException {
        List<String> plan = plan(new Database(directory.resolve("hufu.db")), walk.page(SqliteDialect.INSTANCE));
        assertThat(plan)
                .noneMatch(step -> step.contains("TEMP B-TREE"))
                .noneMatch(step -> step.startsWith("SCAN") && !step.startsWith("SCAN wanted "));
        assertThat(plan.getFirst())
                .as("%s", plan)
                .contains(
                        switch (walk) {
                            case EVERY -> "SEARCH r USING PRIMARY KEY (id>? AND id<?)";
                            case STATE -> "runs_by_state (state=? AND id>? AND id<?)";
                            case CREATOR -> "runs_by_creator (created_by=? AND id>? AND id<?)";
                            case NODE -> "tasks_by_node (node=? AND run_id>? AND run_id<?)";
                            case LABEL -> "SEARCH l USING PRIMARY KEY (name=? AND value=? AND run_id>? AND run_id<?)";
                        });
    }

    @Test
    void aPageOfLargeRunsEndsEarlyAndGoesOn() {
        List<RunId> all = new ArrayList<>();
        String large = "x".repeat(6 << 20);
        for (int i = 0; i < 7; i++) {
            all.addFirst(insert(Samples.spec("echo", large), RunState.PENDING, "admin", Map.of(), "local"));
        }
        List<RunId> found = new ArrayList<>();
        RunPage page = store().runs(RunFilter.ALL, null, 7);
        assertThat(page.runs()).hasSize(3);
        while (page.more()) {
            page.runs().stream().map(RunRecord::id).forEach(found::add);
            page = store().runs(RunFilter.ALL, found.getLast(), 7);
        }
        page.runs().stream().map(RunRecord::id).forEach(found::add);
        assertThat(found).isEqualTo(all);
    }

    @Test
    void f40_aStoreOfTheFirstSchemaGetsItsLabelsAndPriorities() throws SQLException {
        Path old = directory.resolve("old.db");
        Database database = new Database(old);
        Migrations.upTo(database, 1);
        try (Connection connection = database.source().getConnection();
                Statement statement = connection.createStatement()) {
            for (String id : List.of("01jd0000000000000000000000", "01jd0000000000000000000001")) {
                statement.execute("INSERT INTO runs VALUES ('" + id
                        + "', 1, 'admin', NULL, 't', 'p', 'PENDING', NULL, NULL, NULL, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)");
                statement.execute("INSERT INTO tasks VALUES ('" + id
                        + "', 0, 'local', 1, 2, 'PENDING', 1, NULL, NULL, NULL, NULL, NULL)");
            }
            statement.execute("INSERT INTO run_specs VALUES ('01jd0000000000000000000000',"
                    + " '{\"labels\":{\"ticket\":\"OPS=1\",\"\\u00fc\":\"\"},\"limits\":{},\"priority\":-3}'),"
                    + " ('01jd0000000000000000000001', '{\"labels\":{},\"limits\":{}}')");
        }
        SqliteRunStore.open(old, timers, () -> {}).close();
        assertThat(rows(database, "SELECT name || ':' || value || ':' || run_id FROM run_labels ORDER BY name"))
                .containsExactly("ticket:OPS=1:01jd0000000000000000000000", "ü::01jd0000000000000000000000");
        assertThat(rows(database, "SELECT priority FROM tasks ORDER BY run_id")).containsExactly("-3", "0");
    }

    private static List<String> plan(Database database, String sql) throws SQLException {
        try (Connection connection = database.source().getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("EXPLAIN QUERY PLAN " + sql)) {
            List<String> plan = new ArrayList<>();
            while (rows.next()) {
                plan.add(rows.getString("detail"));
            }
            return plan;
        }
    }

    private static List<String> rows(Database database, String sql) throws SQLException {
        try (Connection connection = database.source().getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<String> found = new ArrayList<>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        }
    }
}
