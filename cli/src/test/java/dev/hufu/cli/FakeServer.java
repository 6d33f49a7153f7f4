package dev.hufu.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.hufu.support.Threads;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A server with one run of one task, whose output and end the test decides; it can be away for a while. What a test may
 * change is kept by its own lock, but for its being there, which is for one thread alone: its handlers need the lock.
 */
final class FakeServer implements AutoCloseable {
    static final String RUN = "01jd0000000000000000000000";
    static final String TOKEN = "tally";

    private final int port;
    private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
    private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();
    private final List<String> bodies = new CopyOnWriteArrayList<>();
    private final List<String> keys = new CopyOnWriteArrayList<>();
    private HttpServer server;
    private ExecutorService threads;
    private String state = "RUNNING";
    private String ending = ended(null, null, null);
    private @Nullable String gap;
    private boolean truncated;
    private int cancels;
    private String cancelBody = "";
    private final CountDownLatch asked = new CountDownLatch(1);
    private int tasks = 1;
    private int cuts;
    private int cutAfter;
    private final List<String> queries = new ArrayList<>();
    private Runnable onCancel = () -> {};
    private @Nullable String refusal;
    private int refusalStatus;

    FakeServer() {
        threads = threads();
        server = listening(0, threads);
        port = server.getAddress().getPort();
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + port);
    }

    synchronized void write(String stream, String text) {
        written(stream).writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
        notifyAll();
    }

    /** From now on the run has so many tasks, all alike. */
    synchronized void tasks(int count) {
        tasks = count;
    }

    /** The next {@code count} answers that are followed break off after so many bytes of output. */
    synchronized void cutFollows(int count, int afterBytes) {
        cuts = count;
        cutAfter = afterBytes;
    }

    synchronized List<String> outputQueries() {
        return List.copyOf(queries);
    }

    private ByteArrayOutputStream written(String stream) {
        return stream.equals("stderr") ? stderr : stdout;
    }

    /** From now on positions {@code from} to {@code to} of stdout were not kept, and bytes written come after them. */
    synchronized void gap(int from, int to) {
        gap = from + "-" + to;
        stdout.writeBytes(new byte[to - from]);
    }

    /** From now on bytes have been dropped, all of them after they were read. */
    synchronized void truncated() {
        truncated = true;
    }

    static String ended(@Nullable String reason, @Nullable Integer exitCode, @Nullable String signal) {
        return "\"reason\":%s,\"exitCode\":%s,\"signal\":%s,\"message\":null,\"spawnError\":null"
                .formatted(quoted(reason), exitCode, quoted(signal));
    }

    static String notStarted(String errno, String stage, String message) {
        return "\"reason\":\"spawn-failed\",\"exitCode\":null,\"signal\":null,\"message\":%s,\"spawnError\":%s"
                .formatted(quoted(message), "{\"errno\":\"%s\",\"stage\":\"%s\"}".formatted(errno, stage));
    }

    synchronized void end(String taskState, String how) {
        state = taskState;
        ending = how;
        notifyAll();
    }

    synchronized void onCancel(Runnable action) {
        onCancel = action;
    }

    /** Of the last cancel. */
    synchronized String cancelBody() {
        return cancelBody;
    }

    synchronized int cancels() {
        return cancels;
    }

    List<String> bodies() {
        return bodies;
    }

    List<String> keys() {
        return keys;
    }

    synchronized void refuseSubmits(int status, String problem) {
        refusalStatus = status;
        refusal = problem;
    }

    /** Returns once somebody with the token was here. */
    void awaitFirstRequest() throws InterruptedException {
        if (!asked.await(60, TimeUnit.SECONDS)) {
            throw new AssertionError("nobody asked anything");
        }
    }

    void goAway() {
        server.stop(0);
        threads.close();
    }

    void comeBack() {
        threads = threads();
        server = listening(port, threads);
    }

    private static ExecutorService threads() {
        return Executors.newCachedThreadPool(Threads.platformFactory("fake-server"));
    }

    private HttpServer listening(int wanted, ExecutorService executor) {
        try {
            HttpServer made = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted), 0);
            made.setExecutor(executor);
            made.createContext("/", this::handle);
            made.start();
            return made;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private void handle(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        if (!("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            answer(exchange, 401, problem("unauthenticated", "Credentials are missing or wrong."));
            return;
        }
        asked.countDown();
        String path = exchange.getRequestURI().getPath().replaceFirst("^/api/v1", "");
        String asked = exchange.getRequestMethod() + " " + path;
        switch (asked) {
            case "POST /runs" -> submit(exchange, body);
            case "POST /runs/" + RUN + "/cancel" -> cancel(exchange, body);
            case "GET /runs/" + RUN -> answer(exchange, 200, run());
            case "GET /runs/" + RUN + "/tasks" -> answer(exchange, 200, allTasks());
            case "GET /runs" -> list(exchange, run());
            case "POST /runs/" + RUN + "/retry" -> answer(exchange, 202, run());
            case "GET /nodes" ->
                answer(
                        exchange,
                        200,
                        "{\"items\":[" + node("local", 2) + "," + node("虎符-\\u001b[31m", 0) + "],\"nextCursor\":null}");
            default -> {
                if (asked.matches("GET /tasks/" + RUN + "\\.[0-9]/processes")) {
                    answer(exchange, 200, PROCESSES);
                } else if (asked.matches("POST /tasks/" + RUN + "\\.[0-9]/signal")) {
                    bodies.add(path + " " + body);
                    answer(exchange, 202, task(0));
                } else if (asked.matches("GET /tasks/" + RUN + "\\.[0-9]/output")) {
                    output(exchange);
                } else if (asked.matches("GET /tasks/" + RUN + "\\.[0-9]")) {
                    answer(exchange, 200, task(Integer.parseInt(asked.substring(asked.length() - 1))));
                } else {
                    answer(exchange, 404, problem("not-found", "There is no such thing."));
                }
            }
        }
    }

    /** A list of three pages, of one run each. */
    private void list(HttpExchange exchange, String run) throws IOException {
        String query = exchange.getRequestURI().getRawQuery();
        synchronized (this) {
            queries.add(query);
        }
        int page = query.contains("cursor=c") ? query.charAt(query.indexOf("cursor=c") + 8) - '0' : 0;
        String next = page < 2 ? "\"c" + (page + 1) + "\"" : "null";
        answer(exchange, 200, "{\"items\":[" + run + "],\"nextCursor\":" + next + "}");
    }

    private static final String PROCESSES = """
            {"takenAt":"2026-01-02T03:04:05.678Z","truncated":true,"new":1,"processes":[
             {"pid":100,"parentPid":9,"name":"sh","command":"sh -c x","argv":["sh","-c","sleep 5 & wait"],
              "argvTruncated":false,"state":"SLEEPING","userMs":10,"systemMs":20,"rssBytes":1048576,"threads":1,
              "waitsOn":"do_wait","kernelStack":["do_wait+0x1"]},
             {"pid":105,"parentPid":9,"name":"daemon","command":"","argv":[],"argvTruncated":false,"state":"ZOMBIE",
              "userMs":0,"systemMs":0,"rssBytes":null,"threads":1,"waitsOn":null,"kernelStack":null},
             {"pid":101,"parentPid":100,"name":"java","command":"","argv":["java","\\u001b[31m\\u009b","x"],
              "argvTruncated":true,"state":"RUNNING","userMs":61000,"systemMs":500,"rssBytes":4404020,"threads":40,
              "waitsOn":null,"kernelStack":null},
             {"pid":102,"parentPid":101,"name":"sleep","command":"","argv":["sleep","5"],"argvTruncated":false,
              "state":"SLEEPING","userMs":0,"systemMs":0,"rssBytes":512,"threads":1,"waitsOn":"hrtimer_nanosleep",
              "kernelStack":null}]}""";

    private static String node(String name, int running) {
        return """
            {"name":"%s","state":"ONLINE","labels":{"role":"web"},"facts":{"cpus":2},"agentVersion":"0.1.0",
             "running":%d,"capacity":1000,"lastSeenAt":"2026-01-02T03:04:05.678Z"}""".formatted(name, running);
    }

    private synchronized String allTasks() {
        StringJoiner all = new StringJoiner(",", "{\"items\":[", "],\"nextCursor\":null}");
        for (int i = 0; i < tasks; i++) {
            all.add(task(i));
        }
        return all.toString();
    }

    private void submit(HttpExchange exchange, String body) throws IOException {
        bodies.add(body);
        keys.add(exchange.getRequestHeaders().getFirst("Idempotency-Key"));
        String refused;
        int status;
        synchronized (this) {
            refused = refusal;
            status = refusalStatus;
        }
        if (refused != null) {
            answer(exchange, status, refused);
        } else {
            answer(exchange, 202, run());
        }
    }

    private void cancel(HttpExchange exchange, String body) throws IOException {
        Runnable action;
        synchronized (this) {
            cancels++;
            cancelBody = body;
            action = onCancel;
        }
        action.run();
        answer(exchange, 202, run());
    }

    private void output(HttpExchange exchange) throws IOException {
        Map<String, String> query = new HashMap<>();
        for (String pair : exchange.getRequestURI().getQuery().split("&", -1)) {
            query.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
        }
        int offset = Integer.parseInt(query.getOrDefault("offset", "0"));
        String only = query.get("stream");
        int[] at = {
            Integer.parseInt(query.getOrDefault("stdoutOffset", String.valueOf(offset))),
            Integer.parseInt(query.getOrDefault("stderrOffset", String.valueOf(offset)))
        };
        boolean follow = query.containsKey("follow");
        int left;
        synchronized (this) {
            queries.add(exchange.getRequestURI().getQuery());
            left = follow && cuts > 0 ? cutAfter : Integer.MAX_VALUE;
            cuts = Math.max(0, cuts - 1);
        }
        exchange.sendResponseHeaders(200, 0);
        OutputStream body = exchange.getResponseBody();
        while (true) {
            StringBuilder frames = new StringBuilder("\n");
            boolean over;
            synchronized (this) {
                over = !follow || !state.equals("RUNNING");
                for (int i = 0; i < 2; i++) {
                    String stream = i == 0 ? "stdout" : "stderr";
                    if (!stream.equals(only) && !"both".equals(only)) {
                        continue;
                    }
                    int before = at[i];
                    at[i] = frames(frames, stream, before, left);
                    left -= at[i] - before;
                }
                if (over && follow && left > 0) {
                    frames.append("{\"end\":{\"stdoutBytes\":%d,\"stderrBytes\":%d,\"truncated\":%s}}\n"
                            .formatted(stdout.size(), stderr.size(), truncated || gap != null));
                }
            }
            body.write(frames.toString().getBytes(StandardCharsets.UTF_8));
            body.flush();
            if (left <= 0) {
                throw new IOException("cut, as the test wants");
            }
            if (over) {
                exchange.close();
                return;
            }
            synchronized (this) {
                try {
                    wait(50);
                } catch (InterruptedException stopped) {
                    throw new IOException(stopped);
                }
            }
        }
    }

    /** Appends what there is from a position on; the position after it. */
    private int frames(StringBuilder frames, String stream, int from, int atMost) {
        byte[] all = written(stream).toByteArray();
        String lost = gap == null || stream.equals("stderr") ? Integer.MAX_VALUE + "-" + Integer.MAX_VALUE : gap;
        int gapFrom = Integer.parseInt(lost.substring(0, lost.indexOf('-')));
        int gapTo = Integer.parseInt(lost.substring(lost.indexOf('-') + 1));
        int at = from;
        int left = atMost;
        while (at < all.length && left > 0) {
            if (at >= gapFrom && at < gapTo) {
                frames.append("{\"stream\":\"%s\",\"gap\":{\"from\":%d,\"to\":%d}}\n".formatted(stream, at, gapTo));
                at = gapTo;
                continue;
            }
            int to = Math.min(Math.min(all.length, at + Math.min(left, 60_000)), at < gapFrom ? gapFrom : all.length);
            byte[] piece = Arrays.copyOfRange(all, at, to);
            String text = new String(piece, StandardCharsets.US_ASCII);
            String content = text.matches("[ -!#-\\[\\]-~]*")
                    ? "\"text\":\"" + text + "\""
                    : "\"base64\":\"" + Base64.getEncoder().encodeToString(piece) + "\"";
            frames.append("{\"at\":\"2026-01-02T03:04:05.678Z\",\"stream\":\"%s\",\"offset\":%d,%s}\n"
                    .formatted(stream, at, content));
            left -= to - at;
            at = to;
        }
        return at;
    }

    private static void answer(HttpExchange exchange, int status, String json) throws IOException {
        byte[] content = json.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, content.length);
        exchange.getResponseBody().write(content);
        exchange.close();
    }

    static String problem(String code, String detail) {
        return "{\"type\":\"urn:hufu:problem:%s\",\"title\":\"t\",\"detail\":\"%s\",\"traceId\":\"abc\"}"
                .formatted(code, detail);
    }

    private synchronized String run() {
        String runState = switch (state) {
            case "RUNNING", "SUCCEEDED", "CANCELLED" -> state;
            default -> "FAILED";
        };
        return """
            {"id":"%s","state":"%s","exec":{"argv":["du","-sh","/var/a b","\\u001b[31mred"]},
             "createdAt":"2026-01-02T03:04:05.678Z","startedAt":null,"finishedAt":null,"createdBy":"admin",
             "labels":{"ticket":"OPS-1"},"counts":{"total":1},"traceId":"0af7651916cd43dd8448eb211c80319c","new":true}""".formatted(RUN, runState);
    }

    private synchronized String task(int index) {
        return """
            {"id":"%1$s.%6$d","runId":"%1$s","node":"local","state":"%2$s",%3$s,"attempt":1,
             "createdAt":"2026-01-02T03:04:05.678Z","startedAt":"2026-01-02T03:04:06.000Z",
             "finishedAt":"2026-01-02T03:04:37.250Z",
             "usage":{"wallMs":31250,"userMs":20,"systemMs":3100,"maxRssBytes":4404020},
             "output":{"stdoutBytes":%4$d,"stderrBytes":%5$d,"truncated":%7$s},
             "attempts":[{"number":1,"node":"local","state":"%2$s","reason":null,"exitCode":null,"signal":null,
               "usage":null,"startedAt":null,"finishedAt":null,"killReport":{"cause":"deadline",
               "proof":"no-children","durationMs":5012,"steps":[
               {"signal":"SIGTERM","at":"2026-01-02T03:04:32.000Z","signalled":3,"survivors":1},
               {"signal":"SIGKILL","at":"2026-01-02T03:04:37.000Z","signalled":1,"survivors":0}]}}]}""".formatted(RUN, state, ending, stdout.size(), stderr.size(), index, truncated || gap != null);
    }

    private static String quoted(@Nullable String text) {
        return text == null ? "null" : "\"" + text + "\"";
    }

    @Override
    public void close() {
        goAway();
    }
}
