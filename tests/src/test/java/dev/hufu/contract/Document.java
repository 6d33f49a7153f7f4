package dev.hufu.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.contract.Operation.Parameter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/** The OpenAPI document, as a server serves it. */
record Document(JsonNode root) {
    private static final Set<String> BESIDE_OPERATIONS = Set.of("parameters", "summary", "description");

    static Document of(Wire wire, String token) throws IOException {
        Reply reply = wire.send(Request.of("GET", "/openapi.json").bearing(token));
        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        return new Document(reply.json());
    }

    List<Operation> operations() {
        List<Operation> all = new ArrayList<>();
        root.get("paths").properties().forEach(path -> {
            for (String method : path.getValue().propertyNames()) {
                if (!BESIDE_OPERATIONS.contains(method)) {
                    String at = "/paths/" + StrictSchema.segment(path.getKey()) + "/" + method;
                    all.add(new Operation(this, method.toUpperCase(Locale.ROOT), path.getKey(), at));
                }
            }
        });
        return all;
    }

    Operation operation(String method, String path) {
        return operations().stream()
                .filter(each -> each.method().equals(method) && each.path().equals(path))
                .findFirst()
                .orElseThrow(() -> new AssertionError("not in the document: " + method + " " + path));
    }

    Set<String> methods(String path) {
        Set<String> methods = new TreeSet<>();
        operations().stream().filter(each -> each.path().equals(path)).forEach(each -> methods.add(each.method()));
        return methods;
    }

    /** This place, or the one that it refers to. */
    String resolved(String at) {
        JsonNode node = root.at(at);
        return node.has("$ref") ? resolved(node.get("$ref").asString().substring(1)) : at;
    }

    List<Parameter> parameters(String operationAt) {
        List<Parameter> all = new ArrayList<>();
        String pathAt = operationAt.substring(0, operationAt.lastIndexOf('/'));
        for (String listAt : List.of(pathAt + "/parameters", operationAt + "/parameters")) {
            for (int i = 0; i < root.at(listAt).size(); i++) {
                String at = resolved(listAt + "/" + i);
                JsonNode parameter = root.at(at);
                all.add(new Parameter(
                        parameter.get("name").asString(),
                        parameter.get("in").asString(),
                        parameter.path("required").asBoolean(false),
                        at + "/schema"));
            }
        }
        return all;
    }

    /** Where the schemas of every JSON answer lie. */
    Set<String> answerSchemas() {
        Set<String> found = new TreeSet<>();
        for (Operation operation : operations()) {
            for (String status : operation.statuses()) {
                String response = resolved(operation.at() + "/responses/" + status);
                for (String type : root.at(response).path("content").propertyNames()) {
                    String schema = response + "/content/" + StrictSchema.segment(type) + "/schema";
                    if (!root.at(schema).isMissingNode()) {
                        found.add(schema);
                    }
                }
            }
        }
        return found;
    }
}
