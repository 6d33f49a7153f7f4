package dev.hufu.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.contract.Operation.Parameter;
import dev.hufu.it.Api;
import dev.hufu.it.Eventually;
import dev.hufu.it.Proc;
import dev.hufu.it.ServerProcess;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Requests made by chance from the document, right and wrong ones. What the document allows is taken, what it does not is
 * refused, every answer is as documented, and the server is as well afterwards as before. {@code -Dhufu.seed=} repeats one
 * run, {@code -Dhufu.fuzz.requests=} and {@code -Dhufu.fuzz.seconds=} make it longer.
 */
final class FuzzTest {
    private static final long SEED = Long.getLong("hufu.seed", System.nanoTime());
    private static final int REQUESTS = Integer.getInteger("hufu.fuzz.requests", 1_500);
    private static final Duration LIMIT = Duration.ofSeconds(Integer.getInteger("hufu.fuzz.seconds", 10));

    private enum Expected {
        TAKEN,
        REFUSED,
        EITHER
    }

    private record Shot(Request request, Expected expected) {}

    private final Random random = new Random(SEED);
    private final Mutations mutations = new Mutations(random);
    private final List<String> runs = new ArrayList<>(List.of(Drive.UNKNOWN_RUN));
    private int keys;

    @Test
    @Timeout(600)
    void neverAnInternalErrorAndNothingTakenThatTheDocumentForbids(@TempDir Path data) throws Exception {
        System.out.println("seed " + SEED);
        try (ServerProcess server = ServerProcess.started(data)) {
            Wire wire = new Wire(server.address().getPort());
            String token = server.api().token();
            Document document = Document.of(wire, token);
            AnswerCheck check = new AnswerCheck(document);
            ValidValues values = new ValidValues(document.root(), random);
            List<Operation> operations = document.operations();
            String run = server.api().submit(Api.argv("echo", "hello"));
            runs.add(run);
            server.api().awaitTask(run);
            long end = System.nanoTime() + LIMIT.toNanos();
            int sent = 0;
            while (sent < REQUESTS && System.nanoTime() - end < 0) {
                Operation operation = operations.get(random.nextInt(operations.size()));
                Shot shot = shot(operation, values, check.schema(), token);
                fire(operation, shot, wire, check);
                assertThat(check.violations())
                        .as("seed %d, request %d", SEED, sent)
                        .isEmpty();
                sent++;
            }
            System.out.println(sent + " requests");
            assertThat(sent).as("requests in " + LIMIT).isGreaterThan(100);
            afterwards(server, wire);
        }
    }

    private static void afterwards(ServerProcess server, Wire wire) throws Exception {
        assertThat(server.running()).isTrue();
        assertThat(wire.send(Request.of("GET", "/readyz")).status()).isEqualTo(200);
        JsonNode last = server.api().run(Api.argv("echo", "after all"));
        assertThat(server.api().stdout(last.get("runId").asString())).isEqualTo("after all\n");
        Eventually.holds("nothing runs any more", Api.PATIENCE, () -> idle(server));
        assertThat(Files.readString(server.log()))
                .doesNotContain("\"level\":\"ERROR\"")
                .doesNotContain("\tat ")
                .doesNotContain("Exception");
    }

    private static boolean idle(ServerProcess server) {
        List<Long> programs = Proc.programsBelow(server.runtime());
        return Proc.pids(pid -> programs.contains(Proc.parent(pid)) && !programs.contains(pid))
                .isEmpty();
    }

    private void fire(Operation operation, Shot shot, Wire wire, AnswerCheck check) throws IOException {
        Reply reply = wire.send(shot.request());
        if (reply.status() >= 500) {
            check.violation("status " + reply.status() + "\n" + shot.request() + "\n" + reply);
            return;
        }
        if (shot.expected() == Expected.REFUSED) {
            check.checkRefusal(shot.request(), reply);
            return;
        }
        check.check(operation, shot.request(), reply);
        // A run that has ended cannot be cancelled, and one that is not there not read: right requests all the same.
        List<Integer> beyondTheRequest = List.of(404, 409, 410, 429);
        if (shot.expected() == Expected.TAKEN
                && reply.status() >= 400
                && !beyondTheRequest.contains(reply.status())
                && !Drive.beyondThisMachine(reply)) {
            check.violation("refused, though the document allows it\n" + shot.request() + "\n" + reply);
        }
        if (reply.status() == 202 && operation.path().equals("/api/v1/runs") && runs.size() < 50) {
            runs.add(reply.json().get("id").asString());
        }
    }

    /** A request for this operation: half of them right as far as the document says, half wrong in one respect. */
    private Shot shot(Operation operation, ValidValues values, StrictSchema schema, String token) {
        boolean right = random.nextInt(3) == 0;
        int wrong = right ? -1 : random.nextInt(5);
        Expected expected = right ? Expected.TAKEN : Expected.EITHER;
        String target = operation.path();
        for (Parameter parameter : operation.parameters("path")) {
            String id = id(operation, parameter);
            if (wrong == 0) {
                id = mutations.id(id);
                expected = Expected.REFUSED;
            }
            target = target.replace("{" + parameter.name() + "}", id);
        }
        Query query = query(operation, values, schema, wrong == 1);
        target += query.text();
        if (query.expected() == Expected.REFUSED
                || (query.expected() == Expected.EITHER && expected == Expected.TAKEN)) {
            expected = query.expected();
        }
        Request request = Request.of(operation.method(), target).bearing(token);
        for (Parameter parameter : operation.parameters("header")) {
            if (random.nextInt(4) == 0) {
                request = request.with(parameter.name(), header(parameter, wrong == 2, values));
            }
        }
        if (wrong == 2) {
            request = request.with(
                    mutations.any(List.of(
                            "X-Odd", "Accept", "Accept-Encoding", "If-None-Match", "Range", "Expect", "Cookie")),
                    mutations.any(List.of("", "*/*", "gzip", "bytes=0-1", "\"x\"", "ünï", "a,b;q=0.1")));
            expected = Expected.EITHER;
        }
        if (operation.bodySchema().isEmpty()) {
            return new Shot(request, expected);
        }
        String schemaAt = operation.bodySchema().get();
        JsonNode good = values.value(schemaAt);
        if (wrong == 3) {
            byte[] body = mutations.body(good);
            boolean valid = isValid(schema, schemaAt, body, operation.bodyRequired());
            return new Shot(
                    request.with("Content-Type", "application/json").body(body),
                    valid ? Expected.EITHER : Expected.REFUSED);
        }
        if (wrong == 4) {
            return new Shot(
                    request.with(
                                    "Content-Type",
                                    mutations.any(List.of(
                                            "text/plain",
                                            "application/xml",
                                            "",
                                            "application/json; charset=latin1",
                                            "*/*")))
                            .body(good.toString().getBytes(StandardCharsets.UTF_8)),
                    Expected.REFUSED);
        }
        return new Shot(request.json(good.toString()), expected);
    }

    private String id(Operation operation, Parameter parameter) {
        if (parameter.name().equals("name")) {
            return "local";
        }
        String run = mutations.any(runs);
        return parameter.schemaAt().contains("taskId") || operation.path().contains("/tasks/{") ? run + ".0" : run;
    }

    private record Query(String text, Expected expected) {}

    private Query query(Operation operation, ValidValues values, StrictSchema schema, boolean wrong) {
        List<String> pairs = new ArrayList<>();
        Expected expected = Expected.TAKEN;
        for (Parameter parameter : operation.parameters("query")) {
            if (random.nextInt(3) > 0) {
                continue;
            }
            // How parameters go together, the document says in words only.
            expected = expected == Expected.REFUSED ? expected : Expected.EITHER;
            String value = Drive.encoded(Drive.sample(parameter, values));
            if (wrong) {
                value = mutations.query(value);
            }
            pairs.add(parameter.name() + "=" + value);
            if (!isValid(operation, parameter, schema, value)) {
                expected = Expected.REFUSED;
            }
        }
        if (wrong && random.nextInt(3) == 0) {
            pairs.add("undocumented=1");
            expected = Expected.REFUSED;
        }
        return new Query(pairs.isEmpty() ? "" : "?" + String.join("&", pairs), expected);
    }

    private static boolean isValid(Operation operation, Parameter parameter, StrictSchema schema, String value) {
        if (value.contains("&") || value.matches("(?i).*%(zz|ff).*")) {
            return false;
        }
        String text = URLDecoder.decode(value, StandardCharsets.UTF_8);
        return schema.problemsOfRequest(
                        parameter.schemaAt(), AnswerCheck.typed(operation.document(), parameter.schemaAt(), text))
                .isEmpty();
    }

    private String header(Parameter parameter, boolean wrong, ValidValues values) {
        if (wrong) {
            return mutations.any(Mutations.HOSTILE).replaceAll("[\r\n\0]", "");
        }
        return switch (parameter.name()) {
            case "Idempotency-Key" -> "fuzz " + SEED + " " + keys++;
            case "Accept" -> "*/*";
            case "traceparent" -> "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            default -> values.value(parameter.schemaAt()).asString().replaceAll("[\r\n\0]", "");
        };
    }

    private static boolean isValid(StrictSchema schema, String schemaAt, byte[] body, boolean required) {
        if (body.length == 0) {
            return !required;
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
            return schema.problemsOfRequest(schemaAt, Reply.STRICT.readTree(text))
                    .isEmpty();
        } catch (JacksonException | CharacterCodingException malformed) {
            return false;
        }
    }
}
