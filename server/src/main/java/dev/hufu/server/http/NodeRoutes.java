package dev.hufu.server.http;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.fleet.NodeStatus;
import dev.hufu.server.fleet.Nodes;
import dev.hufu.server.http.json.Json;
import dev.hufu.server.run.Refusal;
import dev.hufu.server.run.Submissions;
import java.io.IOException;
import java.util.List;
import tools.jackson.core.JsonGenerator;

/** {@code /nodes} and {@code /nodes/{name}}. */
final class NodeRoutes {
    private static final String NODES = "/api/v1/nodes";

    private final Nodes nodes;
    private final Submissions submissions;

    NodeRoutes(Nodes nodes, Submissions submissions) {
        this.nodes = nodes;
        this.submissions = submissions;
    }

    List<Route> routes() {
        return List.of(
                new Route("GET", NODES, Permission.READ, this::list),
                new Route("GET", NODES + "/{name}", Permission.READ, this::show));
    }

    private void list(Exchange exchange) throws IOException {
        QueryParameters query = exchange.query(ListPage.LIMIT, ListPage.CURSOR);
        ListPage page = ListPage.asked(query, "nodes", _ -> true);
        query.throwIfWrong();
        List<NodeStatus> found = nodes.list(page.after(), page.limit() + 1);
        boolean more = found.size() > page.limit();
        List<NodeStatus> shown = more ? found.subList(0, page.limit()) : found;
        page.answer(exchange, shown, this::write, more ? shown.getLast().name() : null);
    }

    private void show(Exchange exchange) throws IOException {
        exchange.noQuery();
        NodeStatus node = nodes.node(exchange.pathParameter("name"))
                .orElseThrow(() -> new Refusal(ErrorKind.NOT_FOUND, "There is no such node."));
        exchange.json(200, Json.write(generator -> write(generator, node)));
    }

    private void write(JsonGenerator generator, NodeStatus node) {
        generator.writeStartObject();
        generator.writeStringProperty("name", node.name());
        generator.writeStringProperty("state", state(node));
        generator.writeObjectPropertyStart("labels");
        generator.writeEndObject();
        generator.writeObjectPropertyStart("facts");
        node.facts().forEach(generator::writeStringProperty);
        generator.writeEndObject();
        Json.text(generator, "agentVersion", node.agentVersion());
        generator.writeNumberProperty("running", nodes.running(node.name()));
        if (node.capacity() == null) {
            generator.writeNullProperty("capacity");
        } else {
            generator.writeNumberProperty("capacity", node.capacity());
        }
        Json.time(generator, "lastSeenAt", node.lastSeenAt());
        generator.writeEndObject();
    }

    /** A server that is shutting down gives no node new work. */
    private String state(NodeStatus node) {
        if (!node.online()) {
            return "OFFLINE";
        }
        return submissions.draining() ? "DRAINING" : "ONLINE";
    }
}
