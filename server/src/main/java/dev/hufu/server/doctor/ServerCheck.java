package dev.hufu.server.doctor;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whether a server answers. That none does is no fault of the machine. */
final class ServerCheck {
    static final String DEFAULT = "http://127.0.0.1:7433";

    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final Pattern VERSION = Pattern.compile("\"agentVersion\":\"([^\"\\p{Cntrl}]{1,100})\"");

    private final String address;
    private final String token;

    /** @param token empty where there is none */
    ServerCheck(String address, String token) {
        this.address = address.replaceFirst("/+$", "");
        this.token = token;
    }

    Finding ask() throws InterruptedException {
        try (HttpClient client =
                HttpClient.newBuilder().connectTimeout(PATIENCE).build()) {
            HttpResponse<String> health = get(client, "/readyz");
            if (health.statusCode() != 200) {
                return Finding.weaker(
                        "server",
                        address + " answers that it is not ready (" + health.statusCode() + ")",
                        "It shuts down, or cannot reach its store; its log says which.");
            }
            HttpResponse<String> node = get(client, "/api/v1/nodes/local");
            Matcher version = VERSION.matcher(node.body());
            return Finding.ok(
                    "server",
                    address + " is ready"
                            + (version.find() ? ", version " + version.group(1) : "")
                            + (node.statusCode() == 401 ? "; the token that is at hand is not its own" : ""));
        } catch (IOException | IllegalArgumentException absent) {
            return Finding.note("server", "none answers at " + address, "Start one with 'hufu server'.");
        }
    }

    private HttpResponse<String> get(HttpClient client, String path) throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(address + path)).timeout(PATIENCE);
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
