package dev.hufu.server.http.order;

import dev.hufu.server.http.json.Json;
import dev.hufu.server.http.json.JsonInput;
import dev.hufu.server.http.json.RequestErrors;
import dev.hufu.server.http.json.TextRules;
import dev.hufu.server.run.Submissions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads {@code targets}. There is one node to be chosen, so that what is read and found right says what is so anyway; a
 * selection of nothing is refused, and never means all. For one value; not for several threads.
 */
final class TargetsReader {
    private static final int MAXIMUM_NODES = 10_000;

    private final JsonInput input;
    private final RequestErrors errors;
    private boolean nodesGiven;

    TargetsReader(JsonInput input, RequestErrors errors) {
        this.input = input;
        this.errors = errors;
    }

    void read() {
        boolean isObject = input.isObject();
        input.object("/targets", this::field);
        if (isObject && !nodesGiven) {
            errors.add("/targets", "selects nothing; it must have \"nodes\"");
        }
    }

    private void field(String name) {
        if (!name.equals("nodes")) {
            input.unknown("/targets/" + Json.pointerSegment(name));
            return;
        }
        nodesGiven = true;
        List<String> nodes = input.strings("/targets/nodes", MAXIMUM_NODES, TextRules::name);
        if (nodes == null) {
            return;
        }
        if (nodes.isEmpty()) {
            errors.add("/targets/nodes", "selects nothing; it must name at least one node");
        }
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < nodes.size(); i++) {
            if (!nodes.get(i).equals(Submissions.LOCAL_NODE)) {
                errors.add("/targets/nodes/" + i, "is not a node of this server");
            } else if (!seen.add(nodes.get(i))) {
                errors.add("/targets/nodes/" + i, "occurs twice");
            }
        }
    }
}
