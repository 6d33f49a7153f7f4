package dev.hufu.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.RunState;
import dev.hufu.protocol.TaskState;
import dev.hufu.support.SystemTimers;
import dev.hufu.support.Threads;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes on: output, events, attached commands; and lists. */
final class FollowTest {
    private static final RunId RUN = new RunId("01jd0000000000000000000000");
    private static final String OUTPUT = "/api/v1/tasks/" + RUN + ".0/output";
    private static final String RUN_JSON = """
            {"id":"%s","state":"RUNNING","createdAt":"2026-01-02T03:04:05.678Z","exec":{"argv":["x"]},"retryOf":null}""".formatted(RUN);
    private static final String TASK_JSON = """
            {"id":"%1$s.0","runId":"%1$s","node":"local","state":"SUCCEEDED","reason":"exit","exitCode":0,
             "attempt":1,"createdAt":"2026-01-02T03:04:05.678Z"}""".formatted(RUN).replace("\n", "");

    private final ScriptedServer server = new ScriptedServer();
    private final PassingTimers timers = new PassingTimers();
    private final HufuClient client = HufuClient.builder(server.address())
            .timers(timers)
            .retryFor(Duration.ofSeconds(20))
            .build();

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    private static String told(OutputEvent event) {
        return switch (event) {
            case OutputEvent.Chunk chunk ->
                chunk.stream().word() + "@" + chunk.offset() + ":" + new String(chunk.bytes(), StandardCharsets.UTF_8);
            case OutputEvent.Gap gap -> gap.stream().word() + " lacks " + gap.from() + "-" + gap.to();
        };
    }

    private static List<String> all(OutputReader reader) throws InterruptedException {
        List<String> told = new ArrayList<>();
        Optional<OutputEvent> event = reader.next();
        while (event.isPresent()) {
            told.add(told(event.get()));
            event = reader.next();
        }
        return told;
    }

    private List<String> targets() {
        return server.asked().stream().map(ScriptedServer.Asked::target).toList();
    }

    @Test
    void framesBecomeBytesGapsAndTotals() throws InterruptedException {
        server.answer(200, """

                {"at":"2026-01-02T03:04:05.678Z","stream":"stdout","offset":0,"text":"a\\nü","new":1}
                {"at":"2026-01-02T03:04:05.678Z","stream":"stderr","offset":0,"base64":"ZXJy"}

                {"stream":"stdout","gap":{"from":4,"to":1000}}
                {"stream":"stdout","offset":1000,"text":"z"}
                {"end":{"stdoutBytes":1001,"stderrBytes":3,"truncated":true}}
                """.replace("ü", "\\u00fc"));
        try (OutputReader reader = client.follow(RUN.task(0))) {
            assertThat(all(reader))
                    .containsExactly("stdout@0:a\nü", "stderr@0:err", "stdout lacks 4-1000", "stdout@1000:z");
            assertThat(reader.totals()).contains(new OutputReader.Totals(1001, 3, true));
            assertThat(reader.next()).isEmpty();
        }
        assertThat(server.asked().getFirst().header("Accept")).isEqualTo("application/x-ndjson");
        assertThat(targets()).containsExactly(OUTPUT + "?stream=both&follow=true&stdoutOffset=0&stderrOffset=0");
    }

    @Test
    void f27_whatBreaksOffIsResumedWithoutLossOrDoubling() throws IOException, InterruptedException {
        server.answer(200, "{\"stream\":\"stdout\",\"offset\":0,\"text\":\"abc\"}\n{\"stream\":\"stdout\",\"off")
                .answer(503, "{\"type\":\"urn:hufu:problem:draining\"}")
                .answer(200, """
                        {"stream":"stdout","offset":1,"text":"bcde"}
                        {"stream":"stdout","offset":2,"text":"c"}
                        {"stream":"stderr","offset":7,"text":"late"}
                        {"end":{"stdoutBytes":5,"stderrBytes":11,"truncated":false}}
                        """);
        ByteArrayOutputStream stdout = new ByteArrayOutputStream();
        ByteArrayOutputStream stderr = new ByteArrayOutputStream();
        try (OutputReader reader = client.follow(RUN.task(0), 0, 7)) {
            reader.copyTo(stdout, stderr);
        }
        assertThat(stdout).hasToString("abcde");
        assertThat(stderr).hasToString("late");
        assertThat(targets())
                .containsExactly(
                        OUTPUT + "?stream=both&follow=true&stdoutOffset=0&stderrOffset=7",
                        OUTPUT + "?stream=both&follow=true&stdoutOffset=3&stderrOffset=7",
                        OUTPUT + "?stream=both&follow=true&stdoutOffset=3&stderrOffset=7");
        assertThat(timers.sleeps()).hasSize(2);
    }

    @Test
    void aServerThatStopsIsLeftForTheNextOne() throws InterruptedException {
        server.answer(200, """
                        {"stream":"stdout","offset":0,"text":"abc"}
                        {"error":{"type":"urn:hufu:problem:draining","status":503}}
                        """).answer(200, """
                        {"stream":"stdout","offset":3,"text":"d"}
                        {"end":{"stdoutBytes":4,"stderrBytes":0,"truncated":false}}
                        """);
        assertThat(all(client.follow(RUN.task(0)))).containsExactly("stdout@0:abc", "stdout@3:d");
        server.answer(200, "{\"error\":{\"type\":\"urn:hufu:problem:internal\",\"status\":500,\"detail\":\"No.\"}}\n");
        OutputReader broken = client.follow(RUN.task(0));
        assertThatThrownBy(broken::next)
                .isInstanceOf(HufuException.Refused.class)
                .hasMessage("No.");
    }

    @Test
    void whatTheServerJumpsWithoutAWordIsAGapToo() throws InterruptedException {
        server.answer(200, """
                {"stream":"stdout","offset":3,"text":"d"}
                {"end":{"stdoutBytes":4,"stderrBytes":0,"truncated":false}}
                """);
        assertThat(all(client.follow(RUN.task(0), Output.Stream.STDOUT, 1)))
                .containsExactly("stdout lacks 1-3", "stdout@3:d");
        assertThat(targets()).containsExactly(OUTPUT + "?stream=stdout&follow=true&offset=1");
    }

    @Test
    void whatThereIsNowEndsWhereTheAnswerDoes() throws InterruptedException {
        server.answer(200, "{\"stream\":\"stderr\",\"offset\":5,\"text\":\"x\"}\n");
        assertThat(all(client.outputSoFar(RUN.task(0), Output.Stream.STDERR, 5)))
                .containsExactly("stderr@5:x");
        assertThat(targets()).containsExactly(OUTPUT + "?stream=stderr&offset=5");
    }

    @Test
    void anOutageIsBorneForSoLongAndNoLonger() {
        for (int i = 0; i < 100; i++) {
            server.answer(200, "");
        }
        OutputReader reader = client.follow(RUN.task(0));
        assertThatThrownBy(reader::next).isInstanceOf(HufuException.Unreachable.class);
        assertThat(Duration.between(Instant.parse("2026-01-02T03:04:05Z"), timers.now()))
                .isBetween(Duration.ofSeconds(19), Duration.ofSeconds(23));
        assertThat(timers.sleeps()).allMatch(pause -> pause.compareTo(Duration.ofMillis(1_500)) <= 0);
    }

    @Test
    void outputThatHasExpiredIsARefusal() {
        server.answer(410, "{\"type\":\"urn:hufu:problem:output-expired\",\"detail\":\"Gone.\"}");
        HufuException.Refused refused = catchThrowableOfType(
                HufuException.Refused.class, () -> client.follow(RUN.task(0)).next());
        assertThat(refused.kind()).contains(ErrorKind.OUTPUT_EXPIRED);
    }

    @Test
    void eventsResumeAfterTheLastOne() throws InterruptedException {
        server.answer(200, ":\n\nid: 1\nevent: run\ndata: " + RUN_JSON + "\n\nid: 2\nevent: task\ndata: {\"id\":")
                .answer(
                        200,
                        "id: 2\r\nevent: task\r\ndata: " + TASK_JSON + "\r\n\r\n"
                                + "event: fromTheFuture\ndata: {}\n\n"
                                + "id: 3\nevent: run\ndata: " + RUN_JSON.replace("RUNNING", "SUCCEEDED") + "\n\n");
        try (RunEvents events = client.events(RUN)) {
            assertThat(events.next()).get().isInstanceOfSatisfying(RunEvent.OfRun.class, event -> {
                assertThat(event.id()).isEqualTo("1");
                assertThat(event.run().state()).isEqualTo(RunState.RUNNING);
            });
            assertThat(events.next()).get().isInstanceOfSatisfying(RunEvent.OfTask.class, event -> {
                assertThat(event.id()).isEqualTo("2");
                assertThat(event.task().state()).isEqualTo(TaskState.SUCCEEDED);
            });
            assertThat(events.next()).get().isInstanceOf(RunEvent.OfRun.class);
            assertThat(events.next()).isEmpty();
        }
        assertThat(server.asked()).hasSize(2);
        assertThat(server.asked().getLast().header("Last-event-id")).isEqualTo("1");
    }

    @Test
    void anAttachedCommandIsItsOutputAndThenItsEnd() throws InterruptedException {
        server.answer(
                200,
                "{\"run\":{\"id\":\"" + RUN + "\",\"taskId\":\"" + RUN + ".0\"}}\n\n"
                        + "{\"stream\":\"stdout\",\"offset\":0,\"text\":\"hi\"}\n{\"exit\":" + TASK_JSON + "}\n");
        RunRequest request = RunRequest.argv("x")
                .onOutput(RunSpec.OnOutput.BLOCK)
                .outputLimit(9)
                .build();
        try (AttachedExec exec = client.exec(request)) {
            assertThat(exec.taskId()).isEqualTo(RUN.task(0));
            assertThat(exec.next().map(FollowTest::told)).contains("stdout@0:hi");
            assertThat(exec.next()).isEmpty();
            assertThat(exec.task()).get().extracting(Task::exitCode).isEqualTo(0);
        }
        assertThat(server.asked().getFirst().body())
                .isEqualTo("{\"exec\":{\"argv\":[\"x\"]},\"limits\":{\"onOutput\":\"block\",\"output\":9}}");
    }

    @Test
    void anAttachedCommandIsSentOnce() {
        server.cut(ScriptedServer.Cut.BEFORE);
        assertThatThrownBy(() -> client.exec(RunRequest.argv("x").build()))
                .isInstanceOf(HufuException.Unreachable.class);
        assertThat(server.asked()).hasSize(1);
    }

    @Test
    void anAttachedCommandWhoseServerStopsIsARefusal() throws InterruptedException {
        server.answer(
                200,
                "{\"run\":{\"id\":\"" + RUN + "\",\"taskId\":\"" + RUN + ".0\"}}\n"
                        + "{\"error\":{\"type\":\"urn:hufu:problem:draining\",\"status\":503,\"detail\":\"Bye.\"}}\n");
        try (AttachedExec exec = client.exec(RunRequest.argv("x").build())) {
            HufuException.Refused refused = catchThrowableOfType(HufuException.Refused.class, exec::next);
            assertThat(refused.kind()).contains(ErrorKind.DRAINING);
        }
    }

    @Test
    void runsComePageByPageAsTheyAreUsed() {
        server.answer(200, "{\"items\":[" + RUN_JSON + "],\"nextCursor\":\"a/b\"}")
                .answer(200, "{\"items\":[],\"nextCursor\":\"c\"}")
                .answer(200, "{\"items\":[" + RUN_JSON + "],\"nextCursor\":null}");
        RunFilter filter =
                RunFilter.all().state(RunState.FAILED).label("a", "b c").since(Instant.parse("2026-01-02T03:04:05Z"));
        int count = 0;
        for (Run run : client.runs(filter)) {
            assertThat(run.id()).isEqualTo(RUN);
            count++;
        }
        assertThat(count).isEqualTo(2);
        String query = "/api/v1/runs?state=FAILED&label=a%3Db+c&since=2026-01-02T03%3A04%3A05Z&limit=100";
        assertThat(targets()).containsExactly(query, query + "&cursor=a%2Fb", query + "&cursor=c");
    }

    @Test
    void nodesAreReadWithTheirFacts() throws InterruptedException {
        server.answer(200, """
                {"items":[{"name":"local","state":"ONLINE","labels":{"role":"web"},"facts":{"cpus":2,"os":"Linux"},
                 "agentVersion":"1","running":3,"capacity":10,"lastSeenAt":null}],"nextCursor":null}""");
        assertThat(client.nodes()).singleElement().satisfies(node -> {
            assertThat(node.facts()).containsEntry("cpus", "2").containsEntry("os", "Linux");
            assertThat(node.capacity()).isEqualTo(10);
        });
    }

    @Test
    void aRetryIsAskedForOnce() {
        server.cut(ScriptedServer.Cut.BEFORE);
        assertThatThrownBy(() -> client.retry(RUN)).isInstanceOf(HufuException.Unreachable.class);
        assertThat(targets()).containsExactly("/api/v1/runs/" + RUN + "/retry");
    }

    @Test
    void anInterruptEndsTheWaitOfAVirtualThread() throws Exception {
        CountDownLatch connected = new CountDownLatch(1);
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                HufuClient other = HufuClient.builder(URI.create("http://127.0.0.1:" + silent.getLocalPort()))
                        .timers(new SystemTimers())
                        .build()) {
            Threads.virtual("silent", () -> {
                        try {
                            silent.accept().getInputStream().read();
                            connected.countDown();
                        } catch (IOException failure) {
                            throw new UncheckedIOException(failure);
                        }
                    })
                    .start();
            FutureTask<String> waiting = new FutureTask<>(() -> {
                try {
                    other.follow(RUN.task(0)).next();
                    return "went on";
                } catch (InterruptedException _) {
                    return "interrupted";
                }
            });
            Thread thread = Threads.virtual("waiting", waiting);
            thread.start();
            assertThat(connected.await(60, TimeUnit.SECONDS)).isTrue();
            thread.interrupt();
            assertThat(waiting.get(5, TimeUnit.SECONDS)).isEqualTo("interrupted");
        }
    }
}
