package dev.hufu.server.store.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.RunState;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.FakeTimers;
import dev.hufu.server.Samples;
import dev.hufu.server.store.Change;
import dev.hufu.server.store.RunEvent;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.TaskRecord;
import dev.hufu.server.store.sql.Rows;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stores as earlier versions left them, opened by this one. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class MigrationsTest {
    private static final String SPEC = """
            {"cwd":null,"env":{"A":"\\u0000\\u00e4"},"exec":{"is":"Argv","argv":["true"]},"expiresAfter":"PT24H",\
            "killGrace":"PT5S","labels":{},"limits":{"output":16777216},"stdin":"","timeout":"PT1H"}""";
    private static final long T = 1_772_359_200_123_456_789L;

    private final FakeTimers timers = new FakeTimers();
    private Database database;

    @BeforeEach
    void makeTheFirstSchema(@TempDir Path directory) throws IOException, SQLException {
        database = new Database(directory.resolve("hufu.db"));
        database.create();
        Migrations.upTo(database, 1);
    }

    private void run(RunId id, RunState state, boolean cancelled, TaskState... tasks) throws SQLException {
        sql(
                "INSERT INTO runs VALUES (?, ?, 'token:admin', NULL, 'trace', 'parent', ?, ?, ?, ?, ?, 0, ?, 0, ?, 0, 0, 0, 0, 0)",
                id.value(),
                T,
                state.name(),
                state == RunState.PENDING ? null : T + 1,
                state.terminal() ? T + 2 : null,
                cancelled ? T + 3 : null,
                count(TaskState.PENDING, tasks),
                count(TaskState.RUNNING, tasks),
                count(TaskState.SUCCEEDED, tasks));
        sql("INSERT INTO run_specs VALUES (?, ?)", id.value(), SPEC);
        for (int i = 0; i < tasks.length; i++) {
            TaskState task = tasks[i];
            Long started = task == TaskState.PENDING ? null : T + 10;
            Long finished = task.terminal() ? T + 11 : null;
            String reason = task.terminal() ? "exit" : null;
            sql(
                    "INSERT INTO tasks VALUES (?, ?, 'local', ?, ?, ?, 1, ?, NULL, ?, ?, ?)",
                    id.value(),
                    i,
                    T,
                    T + 100,
                    task.name(),
                    reason,
                    started,
                    started,
                    finished);
            if (task != TaskState.PENDING) {
                Outcome outcome = Samples.exited(0, timers.now(), timers.now());
                sql(
                        "INSERT INTO attempts VALUES (?, ?, 1, 'local', ?, ?, ?, ?, ?)",
                        id.value(),
                        i,
                        task.name(),
                        reason,
                        started,
                        finished,
                        finished == null ? null : Rows.encode(outcome));
            }
        }
    }

    private static long count(TaskState wanted, TaskState... tasks) {
        return List.of(tasks).stream().filter(each -> each == wanted).count();
    }

    private void sql(String text, @Nullable Object... values) throws SQLException {
        try (Connection connection = database.source().getConnection();
                PreparedStatement statement = connection.prepareStatement(text)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.executeUpdate();
        }
    }

    private SqliteRunStore open() {
        return SqliteRunStore.open(database.file(), timers, () -> {});
    }

    @Test
    void f38_runsOfBeforeHaveAHistoryThatEndsAsTheyAre() throws SQLException {
        RunId pending = Samples.id();
        RunId open = Samples.id();
        RunId ended = Samples.id();
        run(pending, RunState.PENDING, false, TaskState.PENDING);
        run(open, RunState.RUNNING, true, TaskState.PENDING, TaskState.RUNNING);
        run(ended, RunState.SUCCEEDED, false, TaskState.SUCCEEDED);
        try (SqliteRunStore store = open()) {
            assertThat(events(store, pending)).extracting(RunEvent::sequence).containsExactly(1L, 2L);
            assertHistory(store, open, 5);
            assertHistory(store, ended, 4);
            RunRecord record = store.run(ended).orElseThrow();
            assertThat(record.progress().finishedAt()).isEqualTo(timers.now().plusNanos(2));
            store.changeTask(
                    open.task(1),
                    (run, task) -> Optional.of(new Change(
                            run.progress(),
                            List.of(new Change.TaskUpdate(task.id(), task.progress(), null)),
                            List.of())));
            assertThat(events(store, open)).extracting(RunEvent::sequence).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
        }
    }

    /** The last event of each task and of the run is what they are now. */
    private static void assertHistory(RunStore store, RunId id, int length) {
        List<RunEvent> events = events(store, id);
        assertThat(events).hasSize(length);
        assertThat(events.getLast())
                .isEqualTo(new RunEvent.OfRun(length, store.run(id).orElseThrow()));
        for (TaskRecord task : store.tasks(id, null, 0, 10)) {
            assertThat(events.stream()
                            .filter(each -> each instanceof RunEvent.OfTask of
                                    && of.task().id().equals(task.id()))
                            .map(each -> ((RunEvent.OfTask) each).task())
                            .toList()
                            .getLast())
                    .isEqualTo(task);
        }
    }

    private static List<RunEvent> events(RunStore store, RunId id) {
        return store.events(id, 0, 100).orElseThrow().events();
    }

    @Test
    void f38_specificationsOfBeforeGetThePriorityAndTheAnswerToTooMuchOutput() throws SQLException {
        RunId id = Samples.id();
        run(id, RunState.PENDING, false, TaskState.PENDING);
        try (SqliteRunStore store = open()) {
            RunSpec spec = store.run(id).orElseThrow().spec();
            assertThat(spec.priority()).isZero();
            assertThat(spec.limits()).isEqualTo(new RunSpec.Limits(16 << 20, RunSpec.OnOutput.TRUNCATE));
            assertThat(spec.user()).isNull();
            assertThat(spec.retry()).isNull();
            assertThat(spec.limits().resources()).isEqualTo(RunSpec.Resources.NONE);
            assertThat(spec.env()).containsEntry("A", "\u0000ä");
            assertThat(spec.timeout()).isEqualTo(Duration.ofHours(1));
        }
    }

    @Test
    void f40_aMigrationThatIsKilledIsRunAgain() throws SQLException, IOException {
        RunId id = Samples.id();
        run(id, RunState.SUCCEEDED, false, TaskState.SUCCEEDED);
        String script;
        try (InputStream text = Objects.requireNonNull(
                MigrationsTest.class.getResourceAsStream("/db/migration/sqlite/V2__run_events.sql"))) {
            script = new String(text.readAllBytes(), StandardCharsets.UTF_8).replaceAll("(?m)^--.*$", "");
        }
        List<String> statements = List.of(script.split(";", -1));
        for (int killedAfter = 1; killedAfter < statements.size(); killedAfter++) {
            try (Connection connection = database.source().getConnection();
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                for (String each : statements.subList(0, killedAfter)) {
                    statement.execute(each);
                }
                connection.rollback();
            }
        }
        try (SqliteRunStore store = open()) {
            assertHistory(store, id, 4);
        }
    }
}
