package dev.hufu.cli;

import dev.hufu.cli.page.JsonPage;
import dev.hufu.cli.page.Quantities;
import dev.hufu.cli.page.Table;
import dev.hufu.cli.terminal.Surroundings;
import dev.hufu.client.HufuClient;
import dev.hufu.client.Node;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.Option;
import dev.hufu.support.line.VerbSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** {@code hufu nodes}: the machines that run tasks. */
final class NodesVerb implements Verb {
    @Override
    public VerbSpec spec() {
        return VerbSpec.of("nodes", "list the nodes that this server knows")
                .paragraph(
                        "RUNNING is how many tasks a node runs, of how many at most; SEEN is for how long it has said"
                                + " nothing. As JSON: one array.")
                .option(Option.FORMAT)
                .build();
    }

    @Override
    public int carryOut(Session session, Arguments arguments) throws InterruptedException {
        boolean json = session.json();
        try (HufuClient client = session.client()) {
            session.print(
                    json
                            ? JsonPage.list(
                                    client,
                                    cursor -> cursor.isEmpty() ? "/nodes" : "/nodes?cursor=" + cursor,
                                    Long.MAX_VALUE)
                            : table(session.surroundings(), client.nodes()));
            return ExitCode.SUCCESS;
        }
    }

    private static String table(Surroundings surroundings, List<Node> nodes) {
        Table table = new Table(
                surroundings.columns(),
                surroundings.coloured(),
                List.of(
                        new Table.Column("NAME", 0, true),
                        new Table.Column("STATE", 1, false),
                        new Table.Column("RUNNING", 2, false),
                        new Table.Column("SEEN", 3, false),
                        new Table.Column("AGENT", 4, true),
                        new Table.Column("LABELS", 5, true)));
        Instant now = surroundings.timers().now();
        for (Node node : nodes) {
            table.row(
                    node.name(),
                    node.state(),
                    node.running() + "/" + node.capacity(),
                    node.lastSeenAt() == null ? "" : Quantities.showShort(Duration.between(node.lastSeenAt(), now)),
                    node.agentVersion() == null ? "" : node.agentVersion(),
                    labels(node.labels()));
        }
        return table.text();
    }

    private static String labels(Map<String, String> labels) {
        return String.join(
                " ",
                new TreeMap<>(labels)
                        .entrySet().stream()
                                .map(label -> label.getKey() + "=" + label.getValue())
                                .toList());
    }
}
