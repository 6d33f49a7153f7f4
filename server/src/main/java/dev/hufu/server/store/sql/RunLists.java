package dev.hufu.server.store.sql;

import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunIds;
import dev.hufu.server.store.RunFilter;
import dev.hufu.server.store.RunPage;
import dev.hufu.server.store.RunRecord;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Lists of runs. Each way to walk the history has an index in the order of the list; of those that a filter allows, the one
 * with the fewest entries is walked, and the rest of the filter is asked of each run. Thread-safe.
 */
public final class RunLists {
    /** Beyond this, one way is as long as another: counting must not cost what it saves. */
    private static final int COUNTED = 4_096;

    /** A page of large orders ends early: they are whole in memory. */
    private static final long MAXIMUM_CHARACTERS = 16L << 20;

    private static final String AFTER_THE_NEWEST = "~";
    private static final long NANOS_PER_MILLI = 1_000_000;

    /** Parameters: 1 before, 2 from, 3 since, 4 until, 5 state, 6 creator, 7 node, 8 labels, 9 and 10 one label, 11 limit. */
    private static final String REST = """
             AND r.created_at >= ?3 AND r.created_at < ?4
             AND (?5 IS NULL OR r.state = ?5)
             AND (?6 IS NULL OR r.created_by = ?6)
             AND (?7 IS NULL OR EXISTS (SELECT 1 FROM tasks AS there WHERE there.run_id = r.id AND there.node = ?7))
             AND (?8 IS NULL OR NOT EXISTS (
                 SELECT 1 FROM <entries> AS wanted WHERE NOT EXISTS (
                     SELECT 1 FROM run_labels AS has
                     WHERE has.name = wanted.key AND has.value = wanted.value AND has.run_id = r.id)))
            """;

    /** A way through the history, newest first. */
    public enum Walk {
        EVERY("runs AS r WHERE r.id < ?1 AND r.id >= ?2", "r.id"),
        STATE("runs AS r <runs_by_state> WHERE r.state = ?5 AND r.id < ?1 AND r.id >= ?2", "r.id"),
        CREATOR("runs AS r <runs_by_creator> WHERE r.created_by = ?6 AND r.id < ?1 AND r.id >= ?2", "r.id"),
        /** By the first of a run's tasks there, so that a run with several comes once. */
        NODE("""
                tasks AS t <tasks_by_node> <join> runs AS r ON r.id = t.run_id
                WHERE t.node = ?7 AND t.run_id < ?1 AND t.run_id >= ?2 AND NOT EXISTS (
                    SELECT 1 FROM tasks AS earlier <tasks_by_node>
                    WHERE earlier.node = ?7 AND earlier.run_id = t.run_id AND earlier.task_index < t.task_index)""", "t.run_id"),
        LABEL("""
                run_labels AS l <join> runs AS r ON r.id = l.run_id
                WHERE l.name = ?9 AND l.value = ?10 AND l.run_id < ?1 AND l.run_id >= ?2""", "l.run_id");

        private final String source;
        private final String id;

        Walk(String source, String id) {
            this.source = source;
            this.id = id;
        }

        public String page(Dialect dialect) {
            return said(dialect, Rows.RUN_COLUMNS + "FROM " + source + REST + "ORDER BY " + id + " DESC LIMIT ?11");
        }

        private String count(Dialect dialect) {
            return said(
                    dialect,
                    "SELECT count(*) FROM (SELECT 1 FROM " + source + " ORDER BY " + id + " DESC LIMIT ?11) AS walked");
        }

        private static String said(Dialect dialect, String sql) {
            return sql.replace("<join>", dialect.walkingJoin())
                    .replace("<entries>", dialect.entries("?8"))
                    .replace("<runs_by_state>", dialect.indexedBy("runs_by_state"))
                    .replace("<runs_by_creator>", dialect.indexedBy("runs_by_creator"))
                    .replace("<tasks_by_node>", dialect.indexedBy("tasks_by_node"));
        }
    }

    /** A way, and of labels which. */
    private record Way(
            Walk walk, @Nullable String label, @Nullable String value) {}

    private final Dialect dialect;
    private final Map<Walk, String> pages = new EnumMap<>(Walk.class);
    private final Map<Walk, String> counts = new EnumMap<>(Walk.class);

    public RunLists(Dialect dialect) {
        this.dialect = dialect;
        for (Walk walk : Walk.values()) {
            pages.put(walk, walk.page(dialect));
            counts.put(walk, walk.count(dialect));
        }
    }

    RunPage page(Statements statements, RunFilter filter, @Nullable RunId before, int limit) throws SQLException {
        Way way = shortest(statements, filter, before);
        List<Rows.RunRow> rows = bound(
                        statements.query(Objects.requireNonNull(pages.get(way.walk()))), filter, before, way, limit + 1)
                .list(Rows::runRow);
        List<RunRecord> runs = new ArrayList<>();
        long characters = 0;
        for (Rows.RunRow row : rows) {
            if (runs.size() == limit || characters >= MAXIMUM_CHARACTERS) {
                return new RunPage(runs, true);
            }
            String spec = Rows.specText(statements, row.id());
            characters += spec.length();
            runs.add(row.with(Rows.spec(spec)));
        }
        return new RunPage(runs, false);
    }

    private Way shortest(Statements statements, RunFilter filter, @Nullable RunId before) throws SQLException {
        List<Way> ways = ways(filter);
        if (ways.size() == 1) {
            return ways.getFirst();
        }
        Way shortest = ways.getFirst();
        long least = COUNTED;
        for (Way way : ways) {
            long entries = bound(
                            statements.query(Objects.requireNonNull(counts.get(way.walk()))),
                            filter,
                            before,
                            way,
                            least)
                    .first(row -> row.getLong(1))
                    .orElse(0L);
            if (entries < least) {
                least = entries;
                shortest = way;
            }
        }
        return shortest;
    }

    /** Those that the filter allows, the one that is likely the shortest first. */
    private static List<Way> ways(RunFilter filter) {
        List<Way> ways = new ArrayList<>();
        filter.labels().forEach((name, value) -> ways.add(new Way(Walk.LABEL, name, value)));
        if (filter.node() != null) {
            ways.add(new Way(Walk.NODE, null, null));
        }
        if (filter.createdBy() != null) {
            ways.add(new Way(Walk.CREATOR, null, null));
        }
        if (filter.state() != null) {
            ways.add(new Way(Walk.STATE, null, null));
        }
        return ways.isEmpty() ? List.of(new Way(Walk.EVERY, null, null)) : ways;
    }

    private Query bound(Query query, RunFilter filter, @Nullable RunId before, Way way, long limit)
            throws SQLException {
        Instant since = filter.since();
        Instant until = filter.until();
        Map<String, String> labels = filter.labels();
        return query.text(before(before, until))
                .text(since == null ? "" : RunIds.earliest(since).value())
                .number(since == null ? Long.MIN_VALUE : Query.nearestNanos(since))
                .number(until == null ? Long.MAX_VALUE : Query.nearestNanos(until))
                .text(filter.state() == null ? null : filter.state().name())
                .text(filter.createdBy())
                .text(filter.node())
                .text(labels.isEmpty() ? null : Rows.encode(kept(labels)))
                .text(way.label())
                .text(way.value())
                .number(limit);
    }

    /** As the table has them, since the database compares what is inside the JSON. */
    private Map<String, String> kept(Map<String, String> labels) {
        Map<String, String> kept = new TreeMap<>();
        labels.forEach((name, value) -> kept.put(dialect.kept(name), dialect.kept(value)));
        return kept;
    }

    /** The first id that is too new: of the first whole millisecond that is not before {@code until}. */
    private static String before(@Nullable RunId before, @Nullable Instant until) {
        String byTime = until == null
                ? AFTER_THE_NEWEST
                : RunIds.earliest(until.plusNanos(NANOS_PER_MILLI - 1)).value();
        String byPage = before == null ? AFTER_THE_NEWEST : before.value();
        return byTime.compareTo(byPage) < 0 ? byTime : byPage;
    }
}
