package dev.hufu.bench;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A Hufu server of its own, started by the launcher as a user starts it; it ends, and all it runs, when this is closed. */
final class HufuProcess implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(2);

    private final Program program;
    private final Path data;
    private final long readyNanos;
    private final String token;

    private HufuProcess(Program program, Path data, long readyNanos) throws IOException {
        this.program = program;
        this.data = data;
        this.readyNanos = readyNanos;
        this.token = Files.readString(data.resolve("admin.token")).strip();
    }

    static HufuProcess start(Place place, Path data, String... options) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(place.hufu().toString(), "server", "--data", data.toString(), "--listen", "127.0.0.1:0"));
        command.addAll(List.of(options));
        long begin = System.nanoTime();
        Program program = Program.server(command);
        return new HufuProcess(program, data, System.nanoTime() - begin);
    }

    /** From the start of the launcher to the line that says ready. */
    double readySeconds() {
        return readyNanos / 1e9;
    }

    URI uri(String path) {
        return URI.create(program.address() + path);
    }

    String address() {
        return program.address();
    }

    Path data() {
        return data;
    }

    long pid() {
        return program.pid();
    }

    String token() {
        return token;
    }

    /** Sends one command line over and over. */
    HttpLoad load(String body, String... headers) {
        StringBuilder lines = new StringBuilder("Authorization: Bearer " + token + "\r\n");
        for (String header : headers) {
            lines.append(header).append("\r\n");
        }
        return new HttpLoad(uri("/api/v1/runs"), lines.toString(), body);
    }

    static String body(String rest, String... argv) {
        return "{\"exec\":{\"argv\":" + JsonMapper.shared().writeValueAsString(argv) + "}" + rest + "}";
    }

    JsonNode post(String path, String body, Map<String, String> headers) throws IOException {
        HttpURLConnection connection = connect(path);
        headers.forEach(connection::setRequestProperty);
        connection.setRequestMethod("POST");
        connection.setRequestProperty("Content-Type", "application/json");
        connection.setDoOutput(true);
        try (var out = connection.getOutputStream()) {
            out.write(body.getBytes(StandardCharsets.UTF_8));
        }
        return answer(connection);
    }

    JsonNode get(String path) throws IOException {
        return answer(connect(path));
    }

    HttpURLConnection connect(String path) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) uri(path).toURL().openConnection();
        connection.setRequestProperty("Authorization", "Bearer " + token);
        return connection;
    }

    private static JsonNode answer(HttpURLConnection connection) throws IOException {
        try (var in = connection.getInputStream()) {
            return JsonMapper.shared().readTree(in);
        }
    }

    /** Runs to the end. @return the run, with its tasks */
    JsonNode run(String body) throws IOException {
        JsonNode run = post("/api/v1/runs", body, Map.of("Prefer", "wait=60"));
        while (!run.path("finishedAt").isString()) {
            run = get("/api/v1/runs/" + run.path("id").asString() + "?include=tasks");
        }
        return run;
    }

    /** Waits until node {@code local} has this many at work, and is known to have them. */
    void awaitRunning(int count) throws IOException, InterruptedException {
        JsonNode node = get("/api/v1/nodes/local");
        while (!node.path("state").asString().equals("ONLINE")
                || node.path("running").asInt() != count) {
            Thread.sleep(PAUSE);
            node = get("/api/v1/nodes/local");
        }
    }

    /** What runs is cancelled, and its end awaited. */
    void cancelRunning() throws IOException {
        String page = "/api/v1/runs?state=RUNNING&limit=500";
        for (JsonNode runs = get(page).path("items");
                !runs.isEmpty();
                runs = get(page).path("items")) {
            for (JsonNode run : runs) {
                cancel(run.path("id").asString());
            }
        }
    }

    /** Ended by itself is as good. */
    private void cancel(String run) throws IOException {
        HttpURLConnection connection = connect("/api/v1/runs/" + run + "/cancel");
        connection.setRequestMethod("POST");
        int status = connection.getResponseCode();
        if (status != 202 && status != 409) {
            throw new IOException("a cancel was answered with " + status);
        }
        try (var body = status == 202 ? connection.getInputStream() : connection.getErrorStream()) {
            body.readAllBytes();
        }
    }

    /** Resident memory of the server, in bytes. */
    long resident() throws IOException {
        return Processes.resident(pid());
    }

    void kill() throws InterruptedException {
        program.kill();
    }

    /** What it runs would outlive it; a benchmark leaves nothing behind. */
    @Override
    public void close() {
        List<ProcessHandle> launchers =
                ProcessHandle.of(pid()).map(each -> each.children().toList()).orElse(List.of());
        program.close();
        for (ProcessHandle launcher : launchers) {
            // Supervisors end with what they supervise, and the launcher with the last of them.
            while (launcher.isAlive()) {
                launcher.descendants()
                        .filter(each -> !Processes.runSameProgram(each, launcher))
                        .forEach(ProcessHandle::destroyForcibly);
                Thread.onSpinWait();
            }
        }
    }
}
