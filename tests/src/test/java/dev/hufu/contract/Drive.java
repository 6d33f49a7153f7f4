package dev.hufu.contract;

import dev.hufu.contract.Operation.Parameter;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Drives operations of the document, known here or not, as far as the document says how: reading ones with every parameter and
 * media type, every one into each refusal that all have in common. The rest is said by the test.
 */
final class Drive {
    static final String UNKNOWN_RUN = "01m89zjnk2gwjzyj5ken2jnrm7";
    static final String MINIMAL = "{\"exec\":{\"argv\":[\"true\"]}}";

    /** Parameters that need another one beside them. */
    private static final Map<String, String> COMPANIONS = Map.of("offset", "stream=stdout");

    /** Parameters that say something of frames, and nothing of raw bytes. */
    private static final Set<String> FRAMES_ONLY = Set.of("stdoutOffset", "stderrOffset");

    private final Document document;
    private final Wire wire;
    private final String token;
    private final AnswerCheck check;
    private final ValidValues values;
    private final Set<String> accepted = new TreeSet<>();

    Drive(Document document, Wire wire, String token, AnswerCheck check) {
        this.document = document;
        this.wire = wire;
        this.token = token;
        this.check = check;
        this.values = new ValidValues(document.root(), new Random(1));
    }

    /** {@code <operation> <parameter>} of each query parameter that was accepted. */
    Set<String> accepted() {
        return accepted;
    }

    Reply call(Operation operation, Request request) throws IOException {
        return check.check(operation, request, wire.send(request));
    }

    /** With the token; its path parameters are those of this run. */
    Request request(Operation operation, String run, String query) {
        return bare(operation, run, query).bearing(token);
    }

    Request bare(Operation operation, String run, String query) {
        return Request.of(operation.method(), path(operation, run) + query);
    }

    private String path(Operation operation, String run) {
        String path = operation.path();
        for (Parameter parameter : operation.parameters("path")) {
            String schema = document.resolved(parameter.schemaAt());
            String value = switch (schema.substring(schema.lastIndexOf('/') + 1)) {
                case "RunId" -> run;
                case "TaskId" -> run + ".0";
                default -> run.equals(UNKNOWN_RUN) ? "no-such-name" : "local";
            };
            path = path.replace("{" + parameter.name() + "}", value);
        }
        return path;
    }

    boolean submits(Operation operation) {
        return operation
                .bodySchema()
                .filter(schema -> !document.root()
                        .at(document.resolved(schema))
                        .at("/properties/exec")
                        .isMissingNode())
                .isPresent();
    }

    /** A reading operation in every documented way; a violation where one is not accepted. */
    void read(Operation operation, String run) throws IOException {
        expect(operation, request(operation, run, ""), 200, "");
        Reply head = wire.send(new Request(
                "HEAD", path(operation, run), request(operation, run, "").headers(), null));
        if (head.status() != 200) {
            check.violation("HEAD of " + operation + " answers " + head);
        }
        for (String type : operation.mediaTypes(200)) {
            Reply reply = expect(operation, request(operation, run, "").with("Accept", type), 200, "");
            if (!reply.mediaType().equals(type)) {
                check.violation(operation + " answers " + reply.mediaType() + " to who accepts " + type);
            }
        }
        for (Parameter parameter : operation.parameters("query")) {
            for (String value : samples(operation, parameter, run)) {
                String companion = COMPANIONS.getOrDefault(parameter.name(), "");
                String query =
                        "?" + parameter.name() + "=" + encoded(value) + (companion.isEmpty() ? "" : "&" + companion);
                Request asking = request(operation, run, query);
                boolean framed = FRAMES_ONLY.contains(parameter.name());
                expect(
                        operation,
                        framed ? asking.with("Accept", "application/x-ndjson") : asking,
                        200,
                        parameter.name());
            }
        }
    }

    private Reply expect(Operation operation, Request request, int status, String parameter) throws IOException {
        Reply reply = call(operation, request);
        if (reply.status() != status) {
            check.violation(operation + " is not " + status + " as documented\n" + request + "\n" + reply);
        } else if (!parameter.isEmpty()) {
            accepted.add(operation + " " + parameter);
        }
        return reply;
    }

    private List<String> samples(Operation operation, Parameter parameter, String run) throws IOException {
        if (parameter.name().equals("cursor")) {
            JsonNode cursor =
                    call(operation, request(operation, run, "?limit=1")).json().get("nextCursor");
            return cursor.isNull() ? List.of() : List.of(cursor.asString());
        }
        List<String> all = new ArrayList<>();
        JsonNode schema = document.root().at(document.resolved(parameter.schemaAt()));
        schema.path("enum").forEach(each -> all.add(each.asString()));
        if (all.isEmpty()) {
            all.add(sample(parameter, values));
        }
        return all;
    }

    /** A parameter that may be given several times has the schema of all its values; here it is given once. */
    static String sample(Parameter parameter, ValidValues values) {
        String at = parameter.schemaAt();
        return values.value(values.isArray(at) ? at + "/items" : at).asString();
    }

    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    /** The refusals that the document has for many operations. */
    void refusals(Operation operation, String run) throws IOException {
        Request good =
                operation.bodyRequired() ? request(operation, run, "").json(MINIMAL) : request(operation, run, "");
        Reply unknown = call(
                operation, new Request(good.method(), good.target() + "?undocumented=1", good.headers(), good.body()));
        if (unknown.status() != 400
                || !unknown.json().at("/errors/0/pointer").asString().equals("/undocumented")) {
            check.violation(operation + " does not refuse an unknown query parameter: " + unknown);
        }
        Request patch = new Request("PATCH", good.target(), good.headers(), null);
        if (call(operation, patch).status() != 405) {
            check.violation(operation + " has PATCH");
        }
        if (!operation.isPublic()) {
            Reply nobody = call(operation, bare(operation, run, ""));
            if (nobody.status() != 401) {
                check.violation(operation + " is open to all: " + nobody);
            }
        }
        if (operation.documents(404)) {
            Request missing = request(operation, UNKNOWN_RUN, "");
            call(operation, operation.bodyRequired() ? missing.json(MINIMAL) : missing);
        }
        if (operation.bodySchema().isPresent()) {
            call(
                    operation,
                    request(operation, run, "")
                            .with("Content-Type", "text/plain")
                            .body(new byte[] {'x'}));
            call(
                    operation,
                    request(operation, run, "")
                            .with("Content-Type", "application/json")
                            .with("Content-Length", "2000000"));
        }
        if (submits(operation)) {
            call(operation, good.json("{\"exec\":{\"argv\":[\"true\"]},\"env\":{\"LD_PRELOAD\":\"x\"}}"));
            if (operation.parameters("header").stream()
                    .anyMatch(each -> each.name().equals("Idempotency-Key"))) {
                Request keyed = good.with("Idempotency-Key", "drive " + operation);
                call(operation, keyed);
                call(operation, keyed);
                call(operation, keyed.body("{\"exec\":{\"argv\":[\"false\"]}}".getBytes(StandardCharsets.UTF_8)));
            }
        }
    }

    /** Every documented field of a request, one at a time beside the least that is needed, is accepted. */
    void requestFields(Operation operation) throws IOException {
        String schema = document.resolved(operation.bodySchema().orElseThrow());
        for (String name : document.root().at(schema).path("properties").propertyNames()) {
            for (int i = 0; i < 5; i++) {
                ObjectNode body = (ObjectNode) Reply.STRICT.readTree(MINIMAL);
                body.set(name, values.value(schema + "/properties/" + StrictSchema.segment(name)));
                Reply reply =
                        call(operation, request(operation, UNKNOWN_RUN, "").json(body.toString()));
                if (reply.status() / 100 != 2 && !beyondThisMachine(reply)) {
                    check.violation("the documented field " + name + " is refused: " + body + " " + reply);
                }
            }
        }
    }

    /** Whether a right request is refused because nobody allowed another user here, or the machine cannot keep a limit. */
    static boolean beyondThisMachine(Reply reply) {
        if (reply.status() != 400 && reply.status() != 403) {
            return false;
        }
        for (JsonNode error : reply.json().path("errors")) {
            boolean user =
                    reply.status() == 403 && error.path("pointer").asString().equals("/user");
            if (!user && !error.path("detail").asString().startsWith("cannot be")) {
                return false;
            }
        }
        return !reply.json().path("errors").isEmpty();
    }

    /** A field that is not documented is refused wherever it stands, with its pointer. */
    void unknownRequestFields(Operation operation) throws IOException {
        String schema = document.resolved(operation.bodySchema().orElseThrow());
        unknownFields(
                operation, schema, "", (ObjectNode) Reply.STRICT.readTree(operation.bodyRequired() ? MINIMAL : "{}"));
    }

    private void unknownFields(Operation operation, String schemaAt, String at, ObjectNode body) throws IOException {
        ObjectNode wrong = body.deepCopy();
        ((ObjectNode) wrong.at(at)).put("undocumented", 1);
        Reply reply = call(operation, request(operation, UNKNOWN_RUN, "").json(wrong.toString()));
        if (reply.status() != 400 || !reply.json().findValuesAsString("pointer").contains(at + "/undocumented")) {
            check.violation("an undocumented field is not refused by its pointer: " + wrong + " " + reply);
        }
        JsonNode properties = document.root().at(schemaAt).path("properties");
        for (String name : properties.propertyNames()) {
            String property = document.resolved(schemaAt + "/properties/" + StrictSchema.segment(name));
            List<String> choices = new ArrayList<>(List.of(property));
            for (int i = 0; i < document.root().at(property).path("oneOf").size(); i++) {
                choices.add(document.resolved(property + "/oneOf/" + i));
            }
            for (String choice : choices) {
                if (document.root().at(choice).path("properties").isObject()) {
                    ObjectNode deeper = body.deepCopy();
                    ((ObjectNode) deeper.at(at)).set(name, values.value(choice));
                    unknownFields(operation, choice, at + "/" + StrictSchema.segment(name), deeper);
                }
            }
        }
    }
}
