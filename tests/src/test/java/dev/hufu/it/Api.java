package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The REST contract, spoken plainly: what a caller sends and gets. */
public final class Api {
    public static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Set<String> TERMINAL =
            Set.of("SUCCEEDED", "FAILED", "TIMED_OUT", "CANCELLED", "EXPIRED", "LOST");
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build();

    private final URI base;
    private final String token;

    Api(URI base, String token) {
        this.base = base;
        this.token = token;
    }

    /** An answer, with its body as JSON; a missing node where it has none. */
    public record Answer(int status, JsonNode body, HttpResponse<byte[]> response) {
        public String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }
    }

    public String token() {
        return token;
    }

    public static Map<String, Object> argv(String... argv) {
        return Map.of("exec", Map.of("argv", argv));
    }

    public static Map<String, Object> shell(String script) {
        return argv("/bin/sh", "-c", script);
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(base.resolve(path))
                .timeout(Duration.ofSeconds(90))
                .header("Authorization", "Bearer " + token);
    }

    Answer send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<byte[]> response = HTTP.send(request, HttpResponse.BodyHandlers.ofByteArray());
        boolean json = response.headers().firstValue("Content-Type").orElse("").contains("json");
        JsonNode body = json && response.body().length > 0 ? JSON.readTree(response.body()) : JSON.missingNode();
        return new Answer(response.statusCode(), body, response);
    }

    public Answer get(String path) throws IOException, InterruptedException {
        return send(request(path).build());
    }

    public Answer post(String path, Object body, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = request(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request.build());
    }

    /** Submits, and answers the run's id. */
    public String submit(Map<String, ?> body, String... headers) throws IOException, InterruptedException {
        Answer answer = post("/api/v1/runs", body, headers);
        assertThat(answer.status()).as("%s", answer.body()).isEqualTo(202);
        return answer.body().get("id").asString();
    }

    /** Submits, waits for the end, and answers the task. */
    public JsonNode run(Map<String, ?> body) throws IOException, InterruptedException {
        return awaitTask(submit(body));
    }

    public JsonNode task(String run) throws IOException, InterruptedException {
        Answer answer = get("/api/v1/tasks/" + run + ".0");
        assertThat(answer.status()).as("%s", answer.body()).isEqualTo(200);
        return answer.body();
    }

    public static String state(JsonNode task) {
        return task.get("state").asString();
    }

    public JsonNode awaitTask(String run) throws IOException, InterruptedException {
        return awaitTask(run, PATIENCE);
    }

    public JsonNode awaitTask(String run, Duration limit) throws IOException, InterruptedException {
        return await(run, TERMINAL, limit);
    }

    public JsonNode awaitRunning(String run) throws IOException, InterruptedException {
        JsonNode task = await(run, Set.of("RUNNING", "SUCCEEDED", "FAILED", "LOST"), PATIENCE);
        assertThat(state(task)).isEqualTo("RUNNING");
        return task;
    }

    private JsonNode await(String run, Set<String> states, Duration limit) throws IOException, InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (true) {
            JsonNode task = task(run);
            if (states.contains(state(task))) {
                return task;
            }
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("not " + states + " within " + limit + ": " + task);
            }
            Thread.sleep(20);
        }
    }

    byte[] outputBytes(String run, String query) throws IOException, InterruptedException {
        Answer answer = get("/api/v1/tasks/" + run + ".0/output?" + query);
        assertThat(answer.status()).as("%s", answer.body()).isEqualTo(200);
        return answer.response().body();
    }

    public String stdout(String run) throws IOException, InterruptedException {
        return new String(outputBytes(run, "stream=stdout"), StandardCharsets.UTF_8);
    }

    /** A cancel without any grace. */
    public Answer kill(String run) throws IOException, InterruptedException {
        return send(request("/api/v1/runs/" + run + "/cancel")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"killGrace\":\"0s\"}"))
                .build());
    }

    public Answer cancel(String run) throws IOException, InterruptedException {
        return send(request("/api/v1/runs/" + run + "/cancel")
                .POST(HttpRequest.BodyPublishers.noBody())
                .build());
    }
}
