package dev.hufu.server.store.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole server on a database: a process of its own, killed and started again, with the database gone in between. */
final class PostgresServerTest {
    private static final String READY = "hufu: ready on ";
    private static final Pattern ID = Pattern.compile("\"id\" ?: ?\"([0-9a-z]{26})\"");

    @TempDir
    private Path directory = Path.of("");

    private final HttpClient client = HttpClient.newHttpClient();

    /** A server, and where it listens. */
    private record Running(Process process, String address) {}

    private Running start(DatabaseServer database, String schema) throws IOException {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.hufu.server.Main",
                        "--data",
                        directory.resolve("data").toString(),
                        "--listen",
                        "127.0.0.1:0",
                        "--store",
                        database.address(schema)))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = output.readLine();
        assertThat(line).startsWith(READY);
        return new Running(process, line.substring(READY.length()));
    }

    private HttpResponse<String> ask(Running server, String path, String body)
            throws IOException, InterruptedException {
        String token = Files.readString(directory.resolve("data").resolve("admin.token"))
                .strip();
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(server.address() + path)).header("Authorization", "Bearer " + token);
        if (!body.isEmpty()) {
            request.header("Content-Type", "application/json")
                    .header("Prefer", "wait=30")
                    .POST(HttpRequest.BodyPublishers.ofString(body));
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static String id(HttpResponse<String> answer) {
        Matcher matcher = ID.matcher(answer.body());
        assertThat(matcher.find()).as(answer.body()).isTrue();
        return matcher.group(1);
    }

    @Test
    void f01_f43_aServerOnADatabaseKeepsEachOfTheirEndsApart() throws Exception {
        try (DatabaseServer database = DatabaseServer.fresh()) {
            String schema = database.schema();
            String order = "{\"exec\": {\"argv\": [\"echo\", \"hello\"]}}";
            Running server = start(database, schema);
            try {
                HttpResponse<String> first = ask(server, "/api/v1/runs", order);
                assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
                assertThat(first.body()).contains("SUCCEEDED");
                server.process().destroyForcibly().waitFor();

                server = start(database, schema);
                assertThat(ask(server, "/api/v1/runs/" + id(first), "").body()).contains("SUCCEEDED");
                assertThat(ask(server, "/readyz", "").statusCode()).isEqualTo(200);

                database.stop("immediate");
                assertThat(ask(server, "/readyz", "").statusCode()).isEqualTo(503);
                HttpResponse<String> refused = ask(server, "/api/v1/runs", order);
                assertThat(refused.statusCode()).isEqualTo(503);
                assertThat(refused.body()).contains("unavailable");
                assertThat(ask(server, "/api/v1/runs/" + id(first), "").statusCode())
                        .isEqualTo(503);
                database.start();

                while (ask(server, "/readyz", "").statusCode() != 200) {
                    Thread.onSpinWait();
                }
                HttpResponse<String> second = ask(server, "/api/v1/runs", order);
                assertThat(second.statusCode()).as(second.body()).isEqualTo(200);
                assertThat(second.body()).contains("SUCCEEDED");
                server.process().destroy();
                assertThat(server.process().waitFor()).isZero();
            } finally {
                server.process().destroyForcibly().waitFor();
            }
        }
    }
}
