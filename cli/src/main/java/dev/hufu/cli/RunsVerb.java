package dev.hufu.cli;

import dev.hufu.cli.page.JsonPage;
import dev.hufu.cli.page.Quantities;
import dev.hufu.cli.page.Table;
import dev.hufu.cli.page.TablePage;
import dev.hufu.cli.terminal.Surroundings;
import dev.hufu.client.HufuClient;
import dev.hufu.client.Run;
import dev.hufu.client.RunFilter;
import dev.hufu.protocol.RunState;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.Option;
import dev.hufu.support.line.UsageException;
import dev.hufu.support.line.VerbSpec;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** {@code hufu runs}: the runs that a server knows, the newest first. */
final class RunsVerb implements Verb {
    private static final int USUAL = 20;
    private static final int LARGEST_PAGE = 500;
    private static final List<String> STATES =
            Arrays.stream(RunState.values()).map(Enum::name).toList();

    @Override
    public VerbSpec spec() {
        return VerbSpec.of("runs", "list runs, the newest first")
                .paragraph(
                        "Every condition must be met. A time is as in 2026-01-31T12:00:00Z, or a duration as in 2h for"
                                + " so long ago. AGE is since a run was accepted, TOOK from the start of its first task to the"
                                + " end. As JSON: one array of runs.")
                .option(Option.words("--state", "STATE", STATES, "in this state"))
                .option(Option.of("--node", "N", "with a task on this node"))
                .option(Option.of("--label", "K=V", "with this label").repeated())
                .option(Option.of("--created-by", "WHO", "submitted by this caller"))
                .option(Option.of("--since", "TIME", "accepted then or later"))
                .option(Option.of("--until", "TIME", "accepted before"))
                .option(Option.of("--limit", "N", "so many at most (" + USUAL + ")"))
                .option(Option.flag("--all", "however many there are"))
                .option(Option.FORMAT)
                .example("hufu runs --state FAILED --since 1d", "what went wrong since yesterday")
                .example("hufu runs --all -o json | jq -r '.[].id'", "the ids of all runs")
                .build();
    }

    @Override
    public int carryOut(Session session, Arguments arguments) throws InterruptedException {
        Surroundings surroundings = session.surroundings();
        RunFilter filter = filter(arguments, surroundings.timers().now());
        long limit = limit(arguments);
        boolean json = session.json();
        try (HufuClient client = session.client()) {
            if (json) {
                int page = (int) Math.min(limit, LARGEST_PAGE);
                session.print(JsonPage.list(client, cursor -> "/runs" + filter.query(page, cursor), limit));
                return ExitCode.SUCCESS;
            }
            Table table = new Table(
                    surroundings.columns(),
                    surroundings.coloured(),
                    List.of(
                            new Table.Column("ID", 0, false),
                            new Table.Column("STATE", 1, false),
                            new Table.Column("AGE", 3, false),
                            new Table.Column("TOOK", 4, false),
                            new Table.Column("COMMAND", 2, true)));
            boolean more =
                    rows(table, client, filter, limit, surroundings.timers().now());
            session.print(table.text());
            if (more) {
                surroundings.remark("there are more: --limit N shows more of them, --all all of them");
            }
            return ExitCode.SUCCESS;
        }
    }

    private static boolean rows(Table table, HufuClient client, RunFilter filter, long limit, Instant now) {
        long shown = 0;
        for (Run run : client.runs(filter)) {
            if (shown++ == limit) {
                return true;
            }
            table.row(
                    run.id().value(),
                    run.state().name(),
                    Quantities.showShort(Duration.between(run.createdAt(), now)),
                    run.startedAt() == null || run.finishedAt() == null
                            ? ""
                            : Quantities.show(Duration.between(run.startedAt(), run.finishedAt())),
                    run.exec() == null ? "" : TablePage.command(run.exec()));
        }
        return false;
    }

    private static RunFilter filter(Arguments arguments, Instant now) {
        RunFilter filter = RunFilter.all();
        if (arguments.has("--state")) {
            String state = arguments.value("--state").orElseThrow().toUpperCase(Locale.ROOT);
            if (!STATES.contains(state)) {
                throw new UsageException("--state is one of " + String.join(", ", STATES));
            }
            filter = filter.state(RunState.valueOf(state));
        }
        for (String label : arguments.values("--label")) {
            KeyValue pair = KeyValue.of("--label", label);
            filter = filter.label(pair.key(), pair.value());
        }
        if (arguments.has("--node")) {
            filter = filter.node(arguments.value("--node").orElseThrow());
        }
        if (arguments.has("--created-by")) {
            filter = filter.createdBy(arguments.value("--created-by").orElseThrow());
        }
        if (arguments.has("--since")) {
            filter = filter.since(time("--since", arguments, now));
        }
        return arguments.has("--until") ? filter.until(time("--until", arguments, now)) : filter;
    }

    private static Instant time(String option, Arguments arguments, Instant now) {
        String text = arguments.value(option).orElseThrow();
        return Quantities.duration(text).map(now::minus).orElseGet(() -> {
            try {
                return OffsetDateTime.parse(text).toInstant();
            } catch (DateTimeException malformed) {
                throw new UsageException(option + ": '" + text
                        + "' is neither a time such as 2026-01-31T12:00:00Z nor a duration such as 2h");
            }
        });
    }

    private static long limit(Arguments arguments) {
        if (arguments.has("--all")) {
            if (arguments.has("--limit")) {
                throw new UsageException("--limit and --all exclude each other");
            }
            return Long.MAX_VALUE;
        }
        String text = arguments.value("--limit").orElse(String.valueOf(USUAL));
        if (!text.matches("[1-9][0-9]{0,8}")) {
            throw new UsageException("--limit: '" + text + "' is not a number from 1 on");
        }
        return Long.parseLong(text);
    }
}
