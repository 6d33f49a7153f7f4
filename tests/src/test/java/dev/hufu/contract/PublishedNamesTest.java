package dev.hufu.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.it.ServerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * The names that were promised to other programs. Each is in the document, or on the list of what is not built yet; a name
 * that leaves the document leaves this test red.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class PublishedNamesTest {
    private static final String RUN_REQUEST = "RunRequest";

    private static final Map<String, String> OPERATIONS = Map.ofEntries(
            Map.entry("POST /api/v1/runs", ""),
            Map.entry("GET /api/v1/runs", "state command node label createdBy since until limit cursor"),
            Map.entry("GET /api/v1/runs/{id}", "include"),
            Map.entry("GET /api/v1/runs/{id}/tasks", "state limit cursor"),
            Map.entry("GET /api/v1/tasks/{id}", ""),
            Map.entry("POST /api/v1/runs/{id}/cancel", ""),
            Map.entry("POST /api/v1/runs/{id}/retry", ""),
            Map.entry("GET /api/v1/runs/{id}/events", ""),
            Map.entry("GET /api/v1/tasks/{id}/output", "stream offset limit follow attempt stdoutOffset stderrOffset"),
            Map.entry("GET /api/v1/tasks/{id}/processes", ""),
            Map.entry("POST /api/v1/tasks/{id}/signal", ""),
            Map.entry("POST /api/v1/exec", ""),
            Map.entry("GET /api/v1/nodes", "limit cursor"),
            Map.entry("GET /api/v1/nodes/{name}", ""),
            Map.entry("GET /healthz", ""),
            Map.entry("GET /readyz", ""),
            Map.entry("GET /openapi.json", ""));

    private static final Map<String, String> FIELDS = Map.ofEntries(
            Map.entry(
                    RUN_REQUEST,
                    "command params exec exec/argv exec/script exec/interpreter exec/args targets targets/nodes"
                            + " targets/where env cwd stdin stdin/text stdin/base64 user timeout killGrace expiresAfter"
                            + " retry retry/maxAttempts retry/backoff retry/maxBackoff retry/on limits limits/output"
                            + " limits/onOutput limits/memory limits/cpu limits/pids limits/files sandbox priority"
                            + " labels callbacks callbacks/url"),
            Map.entry(
                    "Run",
                    "id state command params exec exec/argv exec/script exec/interpreter exec/args targets targets/nodes"
                            + " targets/where createdAt startedAt finishedAt createdBy labels counts counts/total"
                            + " counts/pending counts/dispatched counts/running counts/retrying counts/succeeded"
                            + " counts/failed counts/timedOut counts/cancelled counts/expired counts/lost"
                            + " cancelRequestedAt retryOf traceId env cwd stdin stdin/text stdin/base64 user timeoutMs"
                            + " killGraceMs expiresAfterMs retry retry/maxAttempts retry/backoffMs retry/maxBackoffMs"
                            + " retry/on limits limits/output limits/onOutput limits/memory limits/cpu limits/pids"
                            + " limits/files sandbox priority callbacks callbacks/url"),
            Map.entry(
                    "Task",
                    "id runId node state reason message exitCode signal spawnError spawnError/errno spawnError/stage"
                            + " attempt attempts createdAt dispatchedAt startedAt finishedAt usage usage/wallMs"
                            + " usage/userMs usage/systemMs usage/maxRssBytes output output/stdoutBytes"
                            + " output/stderrBytes output/truncated"),
            Map.entry(
                    "Attempt",
                    "number node state reason startedAt finishedAt exitCode signal usage killReport killReport/cause"
                            + " killReport/proof killReport/steps killReport/steps/signal killReport/steps/at"
                            + " killReport/steps/signalled killReport/steps/survivors killReport/durationMs"),
            Map.entry("Node", "name state labels facts agentVersion running capacity lastSeenAt"),
            Map.entry("Problem", "type title status detail traceId errors errors/pointer errors/detail"));

    private static final Map<String, String> WORDS = Map.of(
            "RunState", "PENDING RUNNING SUCCEEDED FAILED CANCELLED",
            "TaskState", "PENDING DISPATCHED RUNNING RETRYING SUCCEEDED FAILED TIMED_OUT CANCELLED EXPIRED LOST",
            "Reason",
                    "exit signal timeout cancelled spawn-failed output-limit memory-limit pid-limit expired node-lost"
                            + " supervisor-lost record-damaged spool-full rejected kill-pending",
            "KillReport/properties/proof", "cgroup no-children",
            "Problem/properties/type",
                    "invalid-request unauthenticated forbidden not-found method-not-allowed unsupported-media-type"
                            + " conflict output-expired payload-too-large idempotency-key-reused rate-limited queue-full"
                            + " draining unavailable internal");

    /** Promised and not in the document, with the subject that brings it. */
    private static final Map<String, String> NOT_BUILT = new TreeMap<>();

    static {
        lacks("command catalogue", RUN_REQUEST, "command params");
        lacks("fleet", RUN_REQUEST, "targets/where");
        lacks("sandbox", RUN_REQUEST, "sandbox");
        lacks("callbacks", RUN_REQUEST, "callbacks callbacks/url");
        lacks("callbacks", "Run", "callbacks/url");
    }

    private Document document;

    private static void lacks(String subject, String where, String names) {
        for (String name : names.split(" ", -1)) {
            NOT_BUILT.put(where + " " + name, subject);
        }
    }

    @BeforeAll
    void fetch(@TempDir Path data) throws IOException {
        try (ServerProcess server = ServerProcess.started(data)) {
            document = Document.of(
                    new Wire(server.address().getPort()), server.api().token());
        }
    }

    @Test
    void whatWasPromisedIsThereOrKnownToBeMissing() {
        Set<String> missing = new TreeSet<>();
        OPERATIONS.forEach((operation, parameters) -> {
            Set<String> documented = new TreeSet<>();
            document.operations().stream()
                    .filter(each -> each.toString().equals(operation))
                    .forEach(each -> {
                        documented.add(":");
                        each.parameters("query").forEach(parameter -> documented.add(parameter.name()));
                    });
            addMissing(operation, (": " + parameters).strip(), documented, missing);
        });
        FIELDS.forEach((schema, names) -> {
            Set<String> documented = new TreeSet<>();
            fields("/components/schemas/" + schema, "", documented);
            addMissing(schema, names, documented, missing);
        });
        assertThat(missing)
                .as("what was promised and is not in the document, against what is known to be not built")
                .isEqualTo(NOT_BUILT.keySet());
    }

    private static void addMissing(String where, String names, Set<String> documented, Set<String> missing) {
        for (String name : names.split(" ", -1)) {
            if (!documented.contains(name)) {
                missing.add(where + " " + name);
            }
        }
    }

    /** The names of fields by their paths; arrays do not count as a step. */
    private void fields(String schemaAt, String path, Set<String> found) {
        String at = document.resolved(schemaAt);
        JsonNode schema = document.root().at(at);
        for (String name : schema.path("properties").propertyNames()) {
            String below = path.isEmpty() ? name : path + "/" + name;
            found.add(below);
            if (!name.equals("attempts") && !name.equals("tasks")) {
                fields(at + "/properties/" + StrictSchema.segment(name), below, found);
            }
        }
        for (String choice : List.of("oneOf", "anyOf", "allOf")) {
            for (int i = 0; i < schema.path(choice).size(); i++) {
                fields(at + "/" + choice + "/" + i, path, found);
            }
        }
        if (schema.has("items")) {
            fields(at + "/items", path, found);
        }
    }

    @Test
    void closedSetsHaveThePromisedWords() {
        WORDS.forEach((schema, words) -> {
            Set<String> documented = new TreeSet<>();
            document.root().at("/components/schemas/" + schema + "/enum").forEach(word -> {
                if (!word.isNull()) {
                    documented.add(word.asString().replaceFirst("^urn:hufu:problem:", ""));
                }
            });
            assertThat(documented).as(schema).containsExactlyInAnyOrder(words.split(" ", -1));
        });
    }

    @Test
    void answersOfSubmittingHaveTheirHeaders() {
        Operation submit = document.operation("POST", "/api/v1/runs");
        for (int status : List.of(200, 202)) {
            assertThat(document.root()
                            .at(submit.response(status))
                            .get("headers")
                            .propertyNames())
                    .contains("Location", "Preference-Applied", "Idempotent-Replayed");
        }
        assertThat(submit.parameters("header").stream().map(Operation.Parameter::name))
                .contains("Idempotency-Key", "Prefer", "traceparent");
        for (int status : List.of(429, 503)) {
            assertThat(document.root()
                            .at(submit.response(status))
                            .get("headers")
                            .propertyNames())
                    .contains("Retry-After");
        }
    }
}
