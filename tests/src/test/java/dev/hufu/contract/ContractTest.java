package dev.hufu.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.it.Api;
import dev.hufu.it.ServerProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Every operation of the served document, with every status that a caller can provoke; each answer is held to the document,
 * and the document to what was seen. An operation that is new is driven as far as its document says how; where that is not
 * enough, a test here fails and names it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class ContractTest {
    private static final String NO_STORE = "only where the store cannot be reached";

    /** Statuses that this test does not provoke, with the reason; a star stands for every operation. */
    private static final Map<String, String> NOT_PROVOKED =
            new TreeMap<>(Map.of("* 500", "nothing a caller may do leads there"));

    /** Properties that have no value in this version, or not here, with the reason. */
    private static final Map<String, String> NOT_SEEN = new TreeMap<>();

    static {
        for (String operation : List.of(
                "GET /api/v1/runs",
                "GET /api/v1/nodes",
                "GET /api/v1/nodes/{name}",
                "GET /api/v1/runs/{id}/events",
                "GET /api/v1/runs/{id}",
                "POST /api/v1/runs/{id}/cancel",
                "GET /api/v1/runs/{id}/tasks",
                "GET /api/v1/tasks/{id}",
                "GET /api/v1/tasks/{id}/processes",
                "POST /api/v1/tasks/{id}/signal",
                "GET /api/v1/tasks/{id}/output")) {
            NOT_PROVOKED.put(operation + " 503", NO_STORE);
        }
        NOT_SEEN.put(
                "Status/content/application~1json/schema/detail",
                "only where files that the server runs from were replaced: ReplacedRuntimeTest");
        NOT_SEEN.put("ErrorFrame/error", "only where a drain cuts off an attached run");
        String oneKind = "the command catalogue is not built";
        NOT_SEEN.put("Run/command", oneKind);
        NOT_SEEN.put("Run/params", oneKind);
        NOT_SEEN.put("Run/targets/where", "targets are not built; every run is on node local");
        for (String list : List.of("GET /api/v1/runs/{id}/tasks", "GET /api/v1/nodes")) {
            NOT_SEEN.put(list + " nextCursor", "there is one node");
        }
        if (!mayReadStacks()) {
            NOT_SEEN.put("Process/kernelStack", "only root may read it");
        }
        NOT_PROVOKED.put(
                "POST /api/v1/runs/{id}/retry 403", "what is allowed would have to change after the first run");
    }

    private static boolean mayReadStacks() {
        try {
            return Files.readAllBytes(Path.of("/proc/self/stack")).length > 0;
        } catch (IOException refused) {
            return false;
        }
    }

    private ServerProcess server;
    private Document document;
    private AnswerCheck check;
    private Drive drive;

    @BeforeAll
    void driveEverything(@TempDir Path directory) throws Exception {
        server = ServerProcess.started(directory.resolve("data"));
        Wire wire = new Wire(server.address().getPort());
        document = Document.of(wire, server.api().token());
        check = new AnswerCheck(document);
        drive = new Drive(document, wire, server.api().token(), check);
        String ended = readEveryKindOfRun();
        String running = server.api().submit(Api.argv("sleep", "1000"));
        server.api().awaitRunning(running);
        for (Operation operation : document.operations()) {
            if (operation.method().equals("GET")) {
                boolean live = operation.path().endsWith("/processes");
                drive.read(operation, live ? running : ended);
            } else {
                write(operation, ended);
            }
            drive.refusals(operation, ended);
        }
        signal(running, ended);
        server.api().kill(running);
        betweenAttempts();
        outputExpired();
        overload(directory.resolve("small"));
    }

    @AfterAll
    void stop() {
        server.close();
    }

    /** Makes runs that end in every way, and reads each. @return one that has ended and printed */
    private String readEveryKindOfRun() throws Exception {
        List<Map<String, ?>> bodies = List.of(
                Map.of("exec", Map.of("argv", List.of("/no/such/program"))),
                Map.of("exec", Map.of("argv", List.of("true")), "cwd", "/no/such/directory"),
                Api.shell("kill -KILL $$"),
                Map.of(
                        "exec",
                        Map.of("argv", List.of("sh", "-c", "trap '' TERM; sleep 1000 & wait; wait")),
                        "timeout",
                        "100ms",
                        "killGrace",
                        "100ms"),
                Map.of("exec", Map.of("argv", List.of("cat")), "stdin", Map.of("base64", "/w=="), "timeout", "none"),
                Map.of(
                        "exec",
                        Map.of("argv", List.of("head", "-c", "300000", "/dev/zero")),
                        "limits",
                        Map.of("output", "1KiB")),
                Map.of(
                        "exec",
                        Map.of("script", "cat; echo \"$1\"; echo err >&2", "args", List.of("x")),
                        "stdin",
                        Map.of("text", "in"),
                        "cwd",
                        "/tmp",
                        "env",
                        Map.of("A", "b"),
                        "labels",
                        Map.of("ticket", "OPS-1")));
        List<String> runs = new ArrayList<>();
        String cancelled = server.api().submit(Api.argv("sleep", "1000"));
        server.api().awaitRunning(cancelled);
        readRun(cancelled);
        drive.call(cancel(), drive.request(cancel(), cancelled, ""));
        runs.add(cancelled);
        for (Map<String, ?> body : bodies) {
            runs.add(server.api().submit(body));
        }
        String limited = server.api()
                .submit(Map.of(
                        "exec", Map.of("argv", List.of("true")),
                        "user", System.getProperty("user.name"),
                        "limits", limitsThatAreKeptHere()));
        server.api().awaitTask(limited);
        readRun(limited);
        for (String run : runs) {
            server.api().awaitTask(run);
            readRun(run);
            readStreams(run);
        }
        return runs.getLast();
    }

    /** Each with a value that hinders nothing; of those that this machine cannot keep a note is made. */
    private Map<String, Object> limitsThatAreKeptHere() throws Exception {
        JsonNode facts = server.api().get("/api/v1/nodes/local").body().get("facts");
        for (int i = 0; facts.isEmpty(); i++) {
            assertThat(i).as("rounds of waiting for the node's facts").isLessThan(500);
            Thread.sleep(10);
            facts = server.api().get("/api/v1/nodes/local").body().get("facts");
        }
        Map<String, Object> kept = new TreeMap<>();
        Map<String, Object> all = Map.of("memory", "1GiB", "cpu", 1.5, "pids", 10_000, "files", 1_024);
        for (Map.Entry<String, Object> limit : all.entrySet()) {
            String name = limit.getKey();
            String fact = "limit" + name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
            if (facts.get(fact).asString().equals("unavailable")) {
                NOT_SEEN.put("Run/limits/" + name, "this machine cannot keep it");
            } else {
                kept.put(name, limit.getValue());
            }
        }
        return kept;
    }

    private void readRun(String run) throws IOException {
        Set<String> paths = Set.of(
                "/api/v1/runs/{id}", "/api/v1/runs/{id}/tasks", "/api/v1/tasks/{id}", "/api/v1/tasks/{id}/output");
        for (String path : paths) {
            Operation operation = document.operation("GET", path);
            drive.call(operation, drive.request(operation, run, ""));
        }
        Operation show = document.operation("GET", "/api/v1/runs/{id}");
        drive.call(show, drive.request(show, run, "?include=tasks"));
    }

    /** Streams of a run that has ended end by themselves. */
    private void readStreams(String run) throws IOException {
        for (Operation operation : document.operations()) {
            if (operation.method().equals("GET")
                    && !operation.parameters("path").isEmpty()) {
                for (String type : operation.mediaTypes(200)) {
                    String query = operation.hasQuery("follow") ? "?follow=true" : "";
                    drive.call(operation, drive.request(operation, run, query).with("Accept", type));
                }
            }
        }
    }

    private Operation cancel() {
        return document.operation("POST", "/api/v1/runs/{id}/cancel");
    }

    /** What is not only read; a new operation that is neither like these nor submits is named as not driven. */
    private void write(Operation operation, String ended) throws Exception {
        switch (operation.toString()) {
            case "POST /api/v1/runs" -> {
                drive.call(operation, drive.request(operation, ended, "").json(Drive.MINIMAL));
                drive.call(
                        operation,
                        drive.request(operation, ended, "")
                                .with("Prefer", "wait=30")
                                .json(Drive.MINIMAL));
            }
            case "POST /api/v1/runs/{id}/cancel" -> drive.call(operation, drive.request(operation, ended, ""));
            case "POST /api/v1/runs/{id}/retry" -> {
                drive.call(operation, drive.request(operation, ended, ""));
                String failed = server.api().submit(Api.argv("false"));
                server.api().awaitTask(failed);
                drive.call(operation, drive.request(operation, failed, ""));
                drive.call(operation, drive.request(operation, failed, "").with("Prefer", "wait=30"));
                String other = server.api().submit(Api.argv("false"));
                server.api().awaitTask(other);
                for (String run : List.of(failed, other)) {
                    drive.call(operation, drive.request(operation, run, "").with("Idempotency-Key", "retry"));
                }
            }
            case "POST /api/v1/tasks/{id}/signal" -> {
                // Needs a task that runs: see below.
            }
            default -> {
                if (drive.submits(operation)) {
                    drive.call(operation, drive.request(operation, ended, "").json(Drive.MINIMAL));
                } else {
                    check.violation("no test drives " + operation);
                }
            }
        }
        if (drive.submits(operation)) {
            drive.requestFields(operation);
        }
        if (operation.bodySchema().isPresent()) {
            drive.unknownRequestFields(operation);
        }
    }

    private void signal(String running, String ended) throws IOException {
        Operation signal = document.operation("POST", "/api/v1/tasks/{id}/signal");
        for (String run : List.of(running, ended, Drive.UNKNOWN_RUN)) {
            Request request = drive.request(signal, run, "");
            drive.call(signal, request.json("{\"signal\":\"SIGURG\"}"));
            drive.call(signal, request.json("{\"signal\":\"SIGRTMIN+1\",\"wholeTree\":true}"));
        }
    }

    /** A task between two attempts, as it is and as its history tells. */
    private void betweenAttempts() throws Exception {
        String run = server.api()
                .submit(Map.of(
                        "exec",
                        Map.of("argv", List.of("false")),
                        "retry",
                        Map.of("backoff", "10h", "maxBackoff", "10h")));
        while (!Api.state(server.api().task(run)).equals("RETRYING")) {
            Thread.sleep(10);
        }
        Operation task = document.operation("GET", "/api/v1/tasks/{id}");
        drive.call(task, drive.request(task, run, ""));
        server.api().cancel(run);
        Operation events = document.operation("GET", "/api/v1/runs/{id}/events");
        drive.call(events, drive.request(events, run, ""));
    }

    /** Bytes that were written are there no more: as after their retention. */
    private void outputExpired() throws Exception {
        String run = server.api().submit(Api.argv("echo", "hello"));
        server.api().awaitTask(run);
        try (Stream<Path> files = Files.walk(server.data())) {
            for (Path file : files.filter(each -> each.getFileName().toString().equals(run + ".0.1"))
                    .toList()) {
                Files.delete(file);
            }
        }
        for (Operation operation : document.operations()) {
            if (operation.documents(410)) {
                drive.call(operation, drive.request(operation, run, ""));
            }
        }
    }

    /** A server with one slot and one place to wait, full; then the same while it shuts down. */
    private void overload(Path data) throws Exception {
        try (ServerProcess small =
                ServerProcess.started(data, "--max-running", "1", "--queue", "1", "--drain", "20s")) {
            Wire wire = new Wire(small.address().getPort());
            Drive full = new Drive(document, wire, small.api().token(), check);
            String failed = small.api().submit(Api.argv("false"));
            small.api().awaitTask(failed);
            String running = small.api().submit(Api.argv("sleep", "1000"));
            small.api().awaitRunning(running);
            small.api().submit(Api.argv("true"));
            for (Operation operation : document.operations()) {
                if (operation.documents(429)) {
                    Request order = full.request(operation, failed, "");
                    Reply refused = full.call(operation, operation.bodyRequired() ? order.json(Drive.MINIMAL) : order);
                    assertThat(refused.status()).as("%s", refused).isEqualTo(429);
                }
            }
            CompletableFuture<Integer> exit;
            try (Socket holding = wire.connect()) {
                hold(holding, small.api().token());
                exit = CompletableFuture.supplyAsync(() -> ended(small));
                awaitDraining(full);
                for (Operation operation : document.operations()) {
                    if (operation.documents(503)) {
                        Request request = full.request(operation, failed, "");
                        full.call(operation, operation.bodyRequired() ? request.json(Drive.MINIMAL) : request);
                    }
                }
            }
            assertThat(exit.get()).isEqualTo(0);
            small.start();
            small.api().cancel(running);
            small.api().awaitTask(running);
        }
    }

    /** A request that is being worked on, as its body has not come yet: it holds the drain open. */
    private static void hold(Socket socket, String token) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(("POST /api/v1/runs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token
                        + "\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        out.flush();
        // So much is sent when the body is being read.
        assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
                .isEqualTo("HTTP/1.1 100");
    }

    private static int ended(ServerProcess server) {
        try {
            return server.terminate();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return -1;
        }
    }

    private void awaitDraining(Drive full) throws Exception {
        Operation readiness = document.operation("GET", "/readyz");
        for (int i = 0; full.call(readiness, full.request(readiness, "", "")).status() != 503; i++) {
            assertThat(i).as("rounds of waiting for the drain").isLessThan(500);
            Thread.sleep(10);
        }
    }

    @Test
    void everyAnswerIsAsDocumented() {
        assertThat(check.violations()).isEmpty();
    }

    @Test
    void everyDocumentedStatusIsProvokedOrHasAReason() {
        Set<String> missing = new TreeSet<>();
        Set<String> reasons = new TreeSet<>(NOT_PROVOKED.keySet());
        for (Operation operation : document.operations()) {
            for (String status : operation.statuses()) {
                if (!check.statuses().contains(operation + " " + status)
                        && !NOT_PROVOKED.containsKey("* " + status)
                        && !reasons.remove(operation + " " + status)) {
                    missing.add(operation + " " + status);
                }
            }
        }
        assertThat(missing).as("documented and never seen").isEmpty();
        reasons.remove("* 500");
        assertThat(reasons).as("reasons that are out of date").isEmpty();
    }

    @Test
    void everyDocumentedPropertyIsSeenWithAValueOrHasAReason() {
        Set<String> missing = new TreeSet<>();
        Set<String> reasons = new TreeSet<>(NOT_SEEN.keySet());
        for (String schema : document.answerSchemas()) {
            for (String property : check.schema().properties(schema)) {
                if (!check.schema().seen().contains(property)) {
                    missing.add(readable(property));
                }
            }
        }
        missing.removeIf(reasons::remove);
        missing.removeAll(NOT_SEEN.keySet());
        assertThat(missing).as("documented and never seen with a value").isEmpty();
        assertThat(reasons).as("reasons that are out of date").isEmpty();
    }

    /** {@code Run/limits/memory}, or {@code GET /api/v1/… name} for what lies in no schema with a name. */
    private static String readable(String pointer) {
        if (pointer.startsWith("/paths/")) {
            String[] parts = pointer.split("/", -1);
            return parts[3].toUpperCase(Locale.ROOT) + " " + parts[2].replace("~1", "/") + " "
                    + parts[parts.length - 1];
        }
        return pointer.replaceFirst("^/components/(schemas|responses)/", "")
                .replaceAll("/(properties|items|oneOf/[0-9]+|anyOf/[0-9]+|allOf/[0-9]+)", "");
    }

    @Test
    void everyDocumentedQueryParameterIsAccepted() {
        Set<String> missing = new TreeSet<>();
        for (Operation operation : document.operations()) {
            operation.parameters("query").forEach(each -> missing.add(operation + " " + each.name()));
        }
        missing.removeAll(drive.accepted());
        // With one node a run has one task, and these lists no second page.
        assertThat(missing).containsExactlyInAnyOrder("GET /api/v1/runs/{id}/tasks cursor", "GET /api/v1/nodes cursor");
    }

    @Test
    void everyPathAnswersItsDocumentedMethodsAndNoOther() throws IOException {
        Wire wire = new Wire(server.address().getPort());
        for (Operation operation : document.operations()) {
            Set<String> documented = document.methods(operation.path());
            if (documented.contains("GET")) {
                documented.add("HEAD");
            }
            for (String method : List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")) {
                Request request = new Request(
                        method,
                        drive.bare(operation, Drive.UNKNOWN_RUN, "?undocumented=1")
                                .target(),
                        List.of(),
                        null);
                Reply reply =
                        wire.send(request.with("Host", "x").bearing(server.api().token()));
                assertThat(reply.status() != 405)
                        .as("%s %s: %s", method, operation.path(), reply)
                        .isEqualTo(documented.contains(method));
                if (reply.status() == 405) {
                    assertThat(reply.header("Allow").split(", ", -1)).containsExactlyInAnyOrderElementsOf(documented);
                }
            }
        }
    }
}
