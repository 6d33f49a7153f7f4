package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Answers that go on, of whole servers: output that is followed, runs that are attended, events. */
@Timeout(120)
final class StreamTest {
    private static final String FRAMES = "application/x-ndjson";

    private static String output(String run, String query) {
        return "/api/v1/tasks/" + run + ".0/output?follow=true" + query;
    }

    private static String shell(String script) {
        return JsonMapper.shared().writeValueAsString(Api.shell(script));
    }

    @Test
    void twoHundredFollowersOfOneTaskGetEveryByteAndShareOnePulse(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data);
                ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
            Path go = data.resolve("go");
            String run = server.api()
                    .submit(Api.shell("while [ ! -e " + go + " ]; do sleep 0.05; done; seq 1 20000; seq 1 9 >&2"));
            server.api().awaitRunning(run);
            int threads = Proc.threads(server.pid());
            List<Future<byte[]>> all = new ArrayList<>();
            List<Feed> feeds = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                feeds.add(Feed.get(server, output(run, "&stream=stdout")));
            }
            assertThat(Proc.threads(server.pid()) - threads)
                    .as("platform threads for 200 followers")
                    .isLessThan(16);
            for (Feed feed : feeds) {
                all.add(readers.submit(() -> rest(feed)));
            }
            Files.createFile(go);
            server.api().awaitTask(run);
            byte[] expected = server.api().outputBytes(run, "stream=stdout");
            assertThat(expected).hasSize(108_894);
            for (Future<byte[]> each : all) {
                assertThat(each.get(60, TimeUnit.SECONDS)).isEqualTo(expected);
            }
        }
    }

    private static byte[] rest(Feed feed) throws IOException {
        try (feed) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (byte[] next = feed.some(65_536); next.length > 0; next = feed.some(65_536)) {
                all.write(next);
            }
            return all.toByteArray();
        }
    }

    @Test
    void aCallerOfExecWhoLeavesCancelsTheRunWithin3Seconds(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            for (boolean killed : new boolean[] {false, true}) {
                Feed feed = Feed.post(server, "/api/v1/exec", shell("echo begun; exec sleep 600"));
                String run = feed.frame().get("run").get("id").asString();
                assertThat(feed.frame().get("text").asString()).isEqualTo("begun\n");
                long begin = System.nanoTime();
                if (killed) {
                    feed.reset();
                } else {
                    feed.close();
                }
                JsonNode task = server.api().awaitTask(run, Duration.ofSeconds(3));
                assertThat(Api.state(task)).isEqualTo("CANCELLED");
                assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(3));
            }
        }
    }

    @Test
    void execGivesTheOutputAndTheEndOfWhatRanAndOfWhatCouldNotBeStarted(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            try (Feed feed = Feed.post(server, "/api/v1/exec", shell("printf hello; exit 7"))) {
                assertThat(feed.head()).contains("200");
                assertThat(feed.frame().has("run")).isTrue();
                assertThat(feed.frame().get("text").asString()).isEqualTo("hello");
                assertThat(feed.frame().at("/exit/exitCode").asInt()).isEqualTo(7);
                assertThat(feed.frame().isMissingNode()).isTrue();
            }
            try (Feed feed = Feed.post(server, "/api/v1/exec", "{\"exec\":{\"argv\":[\"/nowhere\"]}}")) {
                feed.frame();
                assertThat(feed.frame().at("/exit/spawnError/errno").asString()).isEqualTo("ENOENT");
            }
        }
    }

    @Test
    void f29_aReaderThatStopsReadingCostsTheTaskAndOtherReadersNothing(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            String run = server.api().submit(Api.shell("sleep 1; head -c 100000000 /dev/zero; echo done >&2"));
            try (Feed stopped = Feed.narrow(server, output(run, ""), 4_096)) {
                assertThat(stopped.head()).contains("200");
                try (Feed other = Feed.get(server, output(run, ""), "Accept", FRAMES)) {
                    JsonNode last = other.frame();
                    for (JsonNode next = last; !next.isMissingNode(); next = other.frame()) {
                        last = next;
                    }
                    assertThat(last.at("/end/stdoutBytes").asLong()).isEqualTo(100_000_000);
                    assertThat(last.at("/end/truncated").asBoolean()).isTrue();
                }
                JsonNode task = server.api().awaitTask(run);
                assertThat(Api.state(task)).isEqualTo("SUCCEEDED");
                assertThat(task.at("/output/stdoutBytes").asLong()).isEqualTo(100_000_000);
            }
        }
    }

    @Test
    void eventsGoOnOverARestartAfterTheLastThatWasSeen(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            Path go = data.resolve("go");
            String run = server.api().submit(Api.shell("while [ ! -e " + go + " ]; do sleep 0.05; done"));
            server.api().awaitRunning(run);
            String path = "/api/v1/runs/" + run + "/events";
            try (Feed feed = Feed.get(server, path)) {
                assertThat(events(feed, 5))
                        .containsExactly(
                                "1 run PENDING",
                                "2 task PENDING",
                                "3 task DISPATCHED",
                                "4 run RUNNING",
                                "5 task RUNNING");
                server.kill9();
                assertThatThrownBy(() -> events(feed, 1)).isInstanceOf(IOException.class);
            }
            server.start();
            try (Feed feed = Feed.get(server, path, "Last-Event-ID", "4")) {
                assertThat(events(feed, 1)).containsExactly("5 task RUNNING");
                Files.createFile(go);
                assertThat(events(feed, 3)).containsExactly("6 task SUCCEEDED", "7 run SUCCEEDED");
            }
            try (Feed feed = Feed.get(server, path)) {
                assertThat(events(feed, 8)).hasSize(7);
            }
        }
    }

    /** So many events, or fewer where the answer ends. */
    private static List<String> events(Feed feed, int most) throws IOException {
        List<String> events = new ArrayList<>();
        String name = "";
        String id = "";
        while (events.size() < most && !feed.ended()) {
            String line = feed.line();
            if (line.startsWith("event: ")) {
                name = line.substring(7);
            } else if (line.startsWith("id: ")) {
                id = line.substring(4);
            } else if (line.startsWith("data: ")) {
                JsonNode data = JsonMapper.shared().readTree(line.substring(6));
                events.add(id + " " + name + " " + data.get("state").asString());
            }
        }
        return events;
    }

    @Test
    void f27_reconnectsAndRestartsInTheMiddleLoseNoByteAndRepeatNone(@TempDir Path data) throws Exception {
        reconnecting(data, 20, 2);
    }

    /** Reads a growing output over so many connections and servers, and compares it with what was written. */
    static void reconnecting(Path data, int connections, int restarts) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            int lines = connections * 400;
            String run = server.api()
                    .submit(Api.shell("i=0; while [ $i -lt " + lines + " ]; do echo line $i; [ $((i % 7)) = 0 ] && echo"
                            + " €$i >&2; [ $((i % 100)) = 0 ] && sleep 0.02;"
                            + " i=$((i+1)); done"));
            ByteArrayOutputStream[] read = {new ByteArrayOutputStream(), new ByteArrayOutputStream()};
            boolean ended = false;
            int connection = 0;
            while (!ended) {
                connection++;
                boolean last = connection > connections;
                String from = "&stdoutOffset=" + read[0].size() + "&stderrOffset=" + read[1].size();
                try (Feed feed = Feed.get(server, output(run, from), "Accept", FRAMES)) {
                    for (int frames = 0; !ended && (last || frames < 5); frames++) {
                        JsonNode frame = feed.frame();
                        ended = frame.has("end");
                        if (!ended) {
                            ByteArrayOutputStream target =
                                    read[frame.get("stream").asString().equals("stdout") ? 0 : 1];
                            assertThat(frame.get("offset").asInt()).isEqualTo(target.size());
                            target.write(Feed.data(frame));
                        }
                    }
                }
                if (!ended && !last && connection % (connections / restarts) == 0) {
                    server.kill9();
                    server.start();
                }
            }
            assertThat(Api.state(server.api().awaitTask(run))).isEqualTo("SUCCEEDED");
            assertThat(Arrays.equals(read[0].toByteArray(), server.api().outputBytes(run, "stream=stdout")))
                    .isTrue();
            assertThat(read[1].toByteArray()).isEqualTo(server.api().outputBytes(run, "stream=stderr"));
            assertThat(new String(read[0].toByteArray(), StandardCharsets.UTF_8))
                    .endsWith("line " + (lines - 1) + "\n");
        }
    }

    @Test
    void aDrainServesReadersUntilItsEndAndThenTellsThem(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data, "--drain", "2s")) {
            String script = "while :; do echo tick; sleep 0.1; done";
            String run = server.api().submit(Api.shell(script));
            server.api().awaitRunning(run);
            try (Feed frames = Feed.get(server, output(run, ""), "Accept", FRAMES);
                    Feed raw = Feed.get(server, output(run, ""));
                    Feed exec = Feed.post(server, "/api/v1/exec", shell(script));
                    ExecutorService one = Executors.newSingleThreadExecutor()) {
                frames.frame();
                raw.some(5);
                String attended = exec.frame().at("/run/id").asString();
                exec.frame();
                long begin = System.nanoTime();
                Future<Integer> exit = one.submit(server::terminate);
                assertThat(lastOf(frames).at("/error/type").asString()).isEqualTo("urn:hufu:problem:draining");
                assertThat(Duration.ofNanos(System.nanoTime() - begin))
                        .isBetween(Duration.ofMillis(1_800), Duration.ofSeconds(4));
                assertThat(lastOf(exec).at("/error/status").asInt()).isEqualTo(503);
                assertThatThrownBy(() -> rest(raw)).isInstanceOf(IOException.class);
                assertThat(exit.get(20, TimeUnit.SECONDS)).isZero();
                assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(8));
                server.start();
                for (String each : List.of(run, attended)) {
                    server.api().awaitRunning(each);
                    server.api().cancel(each);
                    assertThat(Api.state(server.api().awaitTask(each))).isEqualTo("CANCELLED");
                }
            }
        }
    }

    private static JsonNode lastOf(Feed feed) throws IOException {
        JsonNode last = feed.frame();
        for (JsonNode next = last; !next.isMissingNode(); next = feed.frame()) {
            last = next;
        }
        return last;
    }

    @Test
    void aVanishedFollowerIsNoticedWithin3SecondsAndTheTaskGoesOn(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data)) {
            String run = server.api().submit(Api.shell("echo begun; exec sleep 600"));
            server.api().awaitRunning(run);
            int descriptors = Proc.descriptors(server.pid());
            List<Feed> feeds = new ArrayList<>();
            for (String accept : List.of(FRAMES, "text/event-stream", "*/*")) {
                Feed feed = Feed.get(server, output(run, ""), "Accept", accept);
                feed.some(1);
                feeds.add(feed);
            }
            assertThat(Proc.descriptors(server.pid())).isGreaterThanOrEqualTo(descriptors + 6);
            feeds.get(0).reset();
            feeds.get(1).close();
            feeds.get(2).close();
            Eventually.holds("their descriptors are closed", Duration.ofSeconds(3), () -> {
                try {
                    return Proc.descriptors(server.pid()) <= descriptors + 1;
                } catch (IOException unreadable) {
                    return false;
                }
            });
            assertThat(Api.state(server.api().task(run))).isEqualTo("RUNNING");
            server.api().cancel(run);
            server.api().awaitTask(run);
        }
    }
}
