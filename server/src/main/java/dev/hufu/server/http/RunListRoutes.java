package dev.hufu.server.http;

import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunState;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.http.view.RunView;
import dev.hufu.server.store.RunFilter;
import dev.hufu.server.store.RunPage;
import dev.hufu.server.store.RunStore;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code GET /runs}: the runs there are, newest first. Decodes and renders, nothing else. */
final class RunListRoutes {
    private static final String LABEL = "label";
    private static final int MAXIMUM_LABELS = 32;
    private static final Pattern TIME =
            Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?(Z|[+-]\\d\\d:\\d\\d)");

    private final RunStore store;

    RunListRoutes(RunStore store) {
        this.store = store;
    }

    /** What is asked for; {@code filter} is null where no run can be that. */
    private record Asked(@Nullable RunFilter filter, ListPage page) {}

    List<Route> routes() {
        return List.of(new Route("GET", RunRoutes.RUNS, Permission.READ, this::list));
    }

    private void list(Exchange exchange) throws IOException {
        QueryParameters query = exchange.queryWith(
                LABEL, ListPage.LIMIT, ListPage.CURSOR, "state", "command", "node", "createdBy", "since", "until");
        Asked asked = asked(query);
        query.throwIfWrong();
        ListPage page = asked.page();
        RunPage found = asked.filter() == null
                ? new RunPage(List.of(), false)
                : store.runs(asked.filter(), page.after() == null ? null : new RunId(page.after()), page.limit());
        page.answer(
                exchange,
                found.runs(),
                RunView::write,
                found.more() ? found.runs().getLast().id().value() : null);
    }

    private static Asked asked(QueryParameters query) {
        RunState state = query.oneOf("state", RunState.values());
        String command = query.name("command");
        String node = query.name("node");
        String createdBy = query.name("createdBy");
        Map<String, String> labels = new HashMap<>();
        boolean possible = labels(query, labels);
        RunFilter filter = new RunFilter(state, createdBy, node, labels, time(query, "since"), time(query, "until"));
        ListPage page = ListPage.asked(
                query,
                "runs of " + command + " as " + possible + " " + filter,
                position -> RunId.parse(position).isPresent());
        // There is no catalogue yet, so that no run is of a command.
        return new Asked(command == null && possible ? filter : null, page);
    }

    /** Answers whether a run can have all of these labels. */
    private static boolean labels(QueryParameters query, Map<String, String> labels) {
        boolean possible = true;
        for (String label : query.repeated()) {
            int equals = label.indexOf('=');
            if (equals < 1) {
                query.reject(LABEL, "must be a name and a value, as in label=ticket=OPS-1");
                continue;
            }
            String value = label.substring(equals + 1);
            String other = labels.putIfAbsent(label.substring(0, equals), value);
            possible &= other == null || other.equals(value);
        }
        if (labels.size() > MAXIMUM_LABELS) {
            query.reject(LABEL, "is given for more than " + MAXIMUM_LABELS + " names, which no run has");
        }
        return possible;
    }

    private static @Nullable Instant time(QueryParameters query, String name) {
        String given = query.text(name);
        if (given == null) {
            return null;
        }
        String text = given.toUpperCase(Locale.ROOT);
        try {
            if (TIME.matcher(text).matches()) {
                return OffsetDateTime.parse(text).toInstant();
            }
        } catch (DateTimeException noSuchTime) {
            // Told as any other that is no time.
        }
        query.reject(name, "must be a time of RFC 3339, as in 2026-01-31T12:00:00Z (a + must be written as %2B)");
        return null;
    }
}
