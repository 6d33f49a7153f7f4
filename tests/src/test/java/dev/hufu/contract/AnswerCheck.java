package dev.hufu.contract;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Holds answers to the document: status, type, headers, body. Remembers what was seen and what was wrong. */
final class AnswerCheck {
    /** Headers that belong to HTTP, and those that every answer has. */
    private static final Set<String> ALWAYS_ALLOWED = Set.of(
            "date",
            "content-type",
            "content-length",
            "transfer-encoding",
            "connection",
            "cache-control",
            "x-content-type-options");

    /** What any path may answer beside what is documented for it: what is no proper request, or not for this path. */
    private static final Set<Integer> REFUSED_EARLY = Set.of(400, 404, 405, 408, 414, 417, 431, 505);

    private static final Map<Integer, Set<String>> CODES = Map.ofEntries(
            Map.entry(400, Set.of("invalid-request")),
            Map.entry(401, Set.of("unauthenticated")),
            Map.entry(403, Set.of("forbidden")),
            Map.entry(404, Set.of("not-found")),
            Map.entry(405, Set.of("method-not-allowed")),
            Map.entry(408, Set.of("invalid-request")),
            Map.entry(409, Set.of("conflict")),
            Map.entry(410, Set.of("output-expired")),
            Map.entry(413, Set.of("payload-too-large")),
            Map.entry(414, Set.of("invalid-request")),
            Map.entry(417, Set.of("invalid-request")),
            Map.entry(415, Set.of("unsupported-media-type")),
            Map.entry(422, Set.of("idempotency-key-reused")),
            Map.entry(429, Set.of("rate-limited", "queue-full")),
            Map.entry(431, Set.of("invalid-request")),
            Map.entry(500, Set.of("internal")),
            Map.entry(503, Set.of("draining", "unavailable")),
            Map.entry(505, Set.of("invalid-request")));

    private final Document document;
    private final StrictSchema schema;
    private final Set<String> statuses = Collections.synchronizedSet(new TreeSet<>());
    private final List<String> violations = Collections.synchronizedList(new ArrayList<>());

    AnswerCheck(Document document) {
        this.document = document;
        this.schema = new StrictSchema(document.root());
    }

    StrictSchema schema() {
        return schema;
    }

    /** {@code <operation> <status>}, as documented, of every answer that was right. */
    Set<String> statuses() {
        return statuses;
    }

    List<String> violations() {
        return violations;
    }

    void violation(String what) {
        violations.add(what);
    }

    /** Checks an answer to a request for this operation. */
    Reply check(Operation operation, Request request, Reply reply) {
        List<String> problems = new ArrayList<>();
        boolean documented = operation.documents(reply.status());
        if (!documented && !REFUSED_EARLY.contains(reply.status())) {
            problems.add("status " + reply.status() + " is not documented");
        } else {
            String response = operation.response(reply.status());
            headers(response, reply, problems);
            content(response, reply, problems);
        }
        always(reply, problems);
        if (problems.isEmpty()) {
            statuses.add(operation + " " + (documented ? reply.status() : "default"));
        } else {
            violations.add(operation + ": " + problems + "\n" + request + "\n" + reply);
        }
        return reply;
    }

    /** Checks a refusal of what may be no request for any operation. */
    Reply checkRefusal(Request request, Reply reply) {
        List<String> problems = new ArrayList<>();
        if (reply.status() < 400 || reply.status() >= 500) {
            problems.add("it is not refused");
        }
        content("/components/responses/Refused", reply, problems);
        always(reply, problems);
        if (!problems.isEmpty()) {
            violations.add(problems + "\n" + request + "\n" + reply);
        }
        return reply;
    }

    private void always(Reply reply, List<String> problems) {
        if (!reply.header("Cache-Control").equals("no-store")
                || !reply.header("X-Content-Type-Options").equals("nosniff")) {
            problems.add("the standard headers are not there");
        }
        if (reply.status() >= 400) {
            problem(reply, problems);
        }
    }

    private static void problem(Reply reply, List<String> problems) {
        if (!reply.mediaType().equals("application/problem+json")) {
            problems.add("an error is no problem: " + reply.mediaType());
            return;
        }
        JsonNode problem = reply.json();
        String code = problem.path("type").asString().replaceFirst("^urn:hufu:problem:", "");
        if (!CODES.getOrDefault(reply.status(), Set.of()).contains(code)) {
            problems.add("status " + reply.status() + " has the type " + code);
        }
        if (problem.path("status").asInt() != reply.status()) {
            problems.add("the status in the body is " + problem.path("status"));
        }
        for (String text : List.of("title", "detail")) {
            if (problem.path(text).asString().isBlank()) {
                problems.add(text + " says nothing");
            }
        }
        String needed = switch (reply.status()) {
            case 401 -> "WWW-Authenticate";
            case 405 -> "Allow";
            case 429, 503 -> "Retry-After";
            default -> "Content-Type";
        };
        if (reply.header(needed).isEmpty()) {
            problems.add(needed + " is missing");
        }
    }

    private void headers(String response, Reply reply, List<String> problems) {
        JsonNode documented = document.root().at(response).path("headers");
        Set<String> known = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        known.addAll(documented.propertyNames());
        for (Map.Entry<String, String> header : reply.headers()) {
            if (!known.contains(header.getKey()) && !ALWAYS_ALLOWED.contains(header.getKey())) {
                problems.add("the header " + header.getKey() + " is not documented");
            }
        }
        for (String name : documented.propertyNames()) {
            String at = document.resolved(response + "/headers/" + StrictSchema.segment(name));
            boolean given = false;
            for (Map.Entry<String, String> header : reply.headers()) {
                if (header.getKey().equals(name.toLowerCase(Locale.ROOT))) {
                    given = true;
                    problems.addAll(schema.problemsOfAnswer(
                            at + "/schema", typed(document, at + "/schema", header.getValue())));
                }
            }
            if (!given && document.root().at(at).path("required").asBoolean(false)) {
                problems.add("the header " + name + " is missing");
            }
        }
    }

    /** A parameter's or a header's text as the value that its schema is about. */
    static JsonNode typed(Document document, String schemaAt, String text) {
        String type =
                document.root().at(document.resolved(schemaAt)).path("type").asString();
        if (type.equals("array")) {
            return JsonNodeFactory.instance.arrayNode().add(text);
        }
        boolean number = type.equals("integer") && text.matches("[0-9]{1,40}");
        boolean truth = type.equals("boolean") && (text.equals("true") || text.equals("false"));
        return number || truth
                ? Reply.STRICT.readTree(number ? trimmed(text) : text)
                : JsonNodeFactory.instance.stringNode(text);
    }

    private static String trimmed(String digits) {
        String trimmed = digits.replaceFirst("^0+", "");
        return trimmed.isEmpty() ? "0" : trimmed;
    }

    private void content(String response, Reply reply, List<String> problems) {
        JsonNode content = document.root().at(response).path("content");
        if (content.isMissingNode()) {
            if (reply.body().length > 0) {
                problems.add("a body where none is documented");
            }
            return;
        }
        if (!content.has(reply.mediaType())) {
            problems.add("the type " + reply.mediaType() + " is not documented");
            return;
        }
        String schemaAt = response + "/content/" + StrictSchema.segment(reply.mediaType()) + "/schema";
        if (document.root().at(schemaAt).isMissingNode()) {
            return;
        }
        try {
            switch (reply.mediaType()) {
                case "application/json", "application/problem+json" ->
                    problems.addAll(schema.problemsOfAnswer(schemaAt, reply.json()));
                case "application/x-ndjson" ->
                    reply.text()
                            .lines()
                            .filter(line -> !line.isEmpty())
                            .forEach(line ->
                                    problems.addAll(schema.problemsOfAnswer(schemaAt, Reply.STRICT.readTree(line))));
                case "text/event-stream" ->
                    reply.text()
                            .lines()
                            .filter(line -> line.startsWith("data:"))
                            .forEach(line -> problems.addAll(
                                    schema.problemsOfAnswer(schemaAt, Reply.STRICT.readTree(line.substring(5)))));
                default ->
                    problems.addAll(
                            schema.problemsOfAnswer(schemaAt, JsonNodeFactory.instance.stringNode(reply.text())));
            }
        } catch (JacksonException malformed) {
            problems.add("the body is not JSON: " + malformed.getOriginalMessage());
        }
    }
}
