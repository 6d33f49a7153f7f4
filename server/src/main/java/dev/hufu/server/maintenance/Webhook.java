package dev.hufu.server.maintenance;

import dev.hufu.support.Threads;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.Executors;

/**
 * Sends each checkpoint as the body of a POST. The address is the administrator's own, so it may be in the machine or its
 * network; a redirect is not followed all the same, and of the answer only the status is read.
 */
final class Webhook implements CheckpointReceiver {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final URI address;

    Webhook(URI address) {
        this.address = address;
    }

    @Override
    public String name() {
        return "webhook";
    }

    @Override
    public void send(byte[] line) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(address)
                .timeout(PATIENCE)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(line))
                .build();
        // One a minute at most: a client that is kept would keep its threads.
        HttpClient client = HttpClient.newBuilder()
                .connectTimeout(PATIENCE)
                .followRedirects(HttpClient.Redirect.NEVER)
                .executor(Executors.newThreadPerTaskExecutor(Threads.virtualFactory("checkpoint-webhook-")))
                .build();
        try {
            HttpResponse<InputStream> answer = client.send(request, BodyHandlers.ofInputStream());
            answer.body().close();
            if (answer.statusCode() / 100 != 2) {
                throw new IOException("it answered " + answer.statusCode());
            }
        } finally {
            client.shutdownNow();
        }
    }
}
