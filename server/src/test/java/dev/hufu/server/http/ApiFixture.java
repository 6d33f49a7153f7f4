package dev.hufu.server.http;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunIds;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.TaskId;
import dev.hufu.server.auth.Tokens;
import dev.hufu.server.config.ExecutionConfig;
import dev.hufu.server.fleet.AgentSessions;
import dev.hufu.server.fleet.Fleet;
import dev.hufu.server.output.OutputPulse;
import dev.hufu.server.output.Outputs;
import dev.hufu.server.output.ReaderProgress;
import dev.hufu.server.run.Cancellations;
import dev.hufu.server.run.EnvironmentPolicy;
import dev.hufu.server.run.LifecycleListener;
import dev.hufu.server.run.NodeAbilities;
import dev.hufu.server.run.OrderPolicy;
import dev.hufu.server.run.QueueLimit;
import dev.hufu.server.run.RequestBounds;
import dev.hufu.server.run.Retries;
import dev.hufu.server.run.RunActions;
import dev.hufu.server.run.RunWaits;
import dev.hufu.server.run.Submissions;
import dev.hufu.server.run.TaskEvent;
import dev.hufu.server.run.Tasks;
import dev.hufu.server.run.UserPolicy;
import dev.hufu.server.run.Wakeups;
import dev.hufu.support.SystemTimers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The whole API over loopback, with a store and outputs in memory and nobody who runs anything but the test. */
final class ApiFixture implements AutoCloseable {
    static final String RUNS = "/api/v1/runs";
    static final int BODY_LIMIT = 1 << 20;
    static final InetSocketAddress LOOPBACK = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    static final RequestBounds BOUNDS =
            new RequestBounds(ExecutionConfig.DEFAULT_LARGEST_OUTPUT, RunSpec.Resources.NONE, RunSpec.Resources.NONE);
    static final String MINIMAL = "{\"exec\":{\"argv\":[\"true\"]}}";

    final FakeRunStore store = new FakeRunStore();
    final FakeOutputStore outputs = new FakeOutputStore();
    final SystemTimers timers = new SystemTimers();
    final RunWaits waits = new RunWaits(store);
    final Tasks tasks = new Tasks(store, waits, timers);
    final AgentSessions sessions = new AgentSessions(store, tasks, timers);
    /** What node local can do; null where it is not known. */
    volatile @Nullable NodeAbilities abilities;

    /** What an operator should know. */
    volatile @Nullable String notice;

    final Submissions submissions;
    final OutputPulse pulse;
    final Progress progress = new Progress();
    final Api api;
    final HttpServer server;
    final String token;
    /** What agents were told to stop. */
    final BlockingQueue<AttemptId> stopped = new LinkedBlockingQueue<>();

    private final HttpClient client = HttpClient.newHttpClient();
    private final Wakeups wakeups = new Wakeups() {
        @Override
        public void workPending() {}

        @Override
        public void stop(String node, AttemptId attempt, Duration grace) {
            stopped.add(attempt);
        }
    };

    /** What readers said of how far they are, as text. */
    static final class Progress implements ReaderProgress {
        private final BlockingQueue<String> said = new LinkedBlockingQueue<>();

        @Override
        public void read(String node, AttemptId attempt, long stdout, long stderr) {
            said.add(node + " " + attempt.number() + " " + stdout + "," + stderr);
        }

        String next() throws InterruptedException {
            String next = said.poll(30, TimeUnit.SECONDS);
            if (next == null) {
                throw new AssertionError("no reader said anything");
            }
            return next;
        }
    }

    ApiFixture(Path data) throws IOException {
        this(data, HttpConfig.DEFAULT_IDLE_TIMEOUT, 1_000);
    }

    ApiFixture(Path data, SSLContext tls) throws IOException {
        this(
                data,
                1_000,
                new HttpConfig(LOOPBACK, BODY_LIMIT, HttpConfig.DEFAULT_BODIES_AT_ONCE, Duration.ofSeconds(30), tls));
    }

    ApiFixture(Path data, Duration idleTimeout, long maxPending) throws IOException {
        this(data, maxPending, new HttpConfig(LOOPBACK, BODY_LIMIT, idleTimeout));
    }

    ApiFixture(Path data, long maxPending, HttpConfig config) throws IOException {
        Tokens tokens = Tokens.open(data);
        token = Files.readString(tokens.file()).strip();
        RunIds ids = new RunIds(timers::now, new SecureRandom());
        submissions = new Submissions(
                store,
                ids,
                timers,
                new OrderPolicy(
                        new EnvironmentPolicy(Set.of()),
                        new UserPolicy(Set.of("me", "1000"), Set.of("nobody", "65534:65534")),
                        _ -> Optional.ofNullable(abilities)),
                wakeups,
                new QueueLimit(maxPending, 0, timers),
                LifecycleListener.NONE);
        pulse = new OutputPulse(outputs, timers);
        pulse.start();
        RunActions runs = new RunActions(
                submissions, waits, new Cancellations(tasks, wakeups), new Retries(store, submissions), BOUNDS);
        api = new Api(
                runs,
                store,
                new Outputs(outputs, pulse, progress),
                Fleet.of(sessions, store, timers),
                tokens,
                new Api.Self(() -> "hufu_build_info 1.0\n", () -> Optional.ofNullable(notice)),
                timers);
        server = new HttpServer(config, api, timers);
        server.start();
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return client.send(request.build(), BodyHandlers.ofString());
        } catch (IOException | InterruptedException failed) {
            throw new IllegalStateException(failed);
        }
    }

    HttpResponse<byte[]> bytes(String path) {
        try {
            return client.send(request(path).GET().build(), BodyHandlers.ofByteArray());
        } catch (IOException | InterruptedException failed) {
            throw new IllegalStateException(failed);
        }
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(uri(path)).header("Authorization", "Bearer " + token);
    }

    HttpResponse<String> get(String path) {
        return send(request(path).GET());
    }

    HttpResponse<String> post(String path, byte[] body, Consumer<HttpRequest.Builder> more) {
        HttpRequest.Builder request =
                request(path).header("Content-Type", "application/json").POST(BodyPublishers.ofByteArray(body));
        more.accept(request);
        return send(request);
    }

    HttpResponse<String> submit(String body) {
        return post(RUNS, body.getBytes(StandardCharsets.UTF_8), _ -> {});
    }

    HttpResponse<String> submit(String body, String header, String value) {
        return post(RUNS, body.getBytes(StandardCharsets.UTF_8), request -> request.header(header, value));
    }

    RunId accepted(String body) {
        return new RunId(json(submit(body)).get("id").asString());
    }

    static JsonNode json(HttpResponse<String> response) {
        return JsonMapper.shared().readTree(response.body());
    }

    Instant now() {
        return timers.now().truncatedTo(ChronoUnit.MILLIS);
    }

    /** Leases and starts the only task of a run. */
    AttemptId start(RunId run) {
        TaskId task = run.task(0);
        tasks.apply(task, new TaskEvent.Leased(now()), "server");
        tasks.apply(task, new TaskEvent.Started(1, now(), now()), "node:local");
        return new AttemptId(task, 1);
    }

    /** Ends a started task. */
    void end(RunId run, Outcome.Ending ending, Outcome.Output output) {
        Instant started = store.task(run.task(0)).orElseThrow().progress().startedAt();
        Outcome outcome = new Outcome(
                ending, Outcome.StopCause.NONE, started, now(), new Outcome.Usage(5, 1, 2, 1 << 20), output, null);
        tasks.apply(run.task(0), new TaskEvent.Ended(1, outcome, now()), "node:local");
    }

    /** Returns once no answer goes on any more. */
    void awaitNoStreams() {
        awaitStreams(0);
    }

    /** Returns once no more answers than these go on. */
    void awaitStreams(int count) {
        long deadline = System.nanoTime() + Duration.ofSeconds(3).toNanos();
        while (api.streams().size() > count) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError(api.streams().size() + " answers go on still");
            }
            try {
                Thread.sleep(2);
            } catch (InterruptedException ending) {
                throw new IllegalStateException(ending);
            }
        }
    }

    /** Sends bytes as they are and reads until the server closes. */
    String raw(byte[] request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(request);
            socket.getOutputStream().flush();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    String raw(String... lines) throws IOException {
        return raw(String.join("\r\n", lines).getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override
    public void close() {
        client.close();
        server.stop();
        sessions.stop();
        pulse.stop();
        timers.stop();
    }
}
