package dev.hufu.server.http;

import static dev.hufu.server.http.ApiFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.ProcessList;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.server.Core;
import dev.hufu.server.FakeAgent;
import dev.hufu.server.store.AuditEvent;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is asked of a task's agent while the caller waits. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before each test.
final class LiveTaskTest {
    private static final Instant AT = Instant.parse("2026-03-01T10:00:01.123Z");

    private ApiFixture api;
    private FakeAgent agent;
    private RunId run;
    private AttemptId attempt;

    @BeforeEach
    void start(@TempDir Path data) throws IOException, InterruptedException {
        api = new ApiFixture(data);
        api.sessions.start();
        agent = new FakeAgent(api.sessions, "local").hello(5);
        Core.await(
                "the node is online",
                () -> json(api.get("/api/v1/nodes/local"))
                        .get("state")
                        .asString()
                        .equals("ONLINE"));
        run = api.accepted(ApiFixture.MINIMAL);
        attempt = api.start(run);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private static CompletableFuture<HttpResponse<String>> later(Supplier<HttpResponse<String>> call) {
        return CompletableFuture.supplyAsync(call);
    }

    private String processes() {
        return "/api/v1/tasks/" + run + ".0/processes";
    }

    private HttpResponse<String> signal(String task, String body) {
        return api.post("/api/v1/tasks/" + task + "/signal", body.getBytes(StandardCharsets.UTF_8), _ -> {});
    }

    private List<AuditEvent> audited() {
        return api.store.audit().stream()
                .filter(event -> event.action().equals("task.signal-requested"))
                .toList();
    }

    @Test
    void theProcessesAreAskedOfTheAgent() throws Exception {
        CompletableFuture<HttpResponse<String>> answer = later(() -> api.get(processes()));
        ServerMessage.ListProcesses asked = (ServerMessage.ListProcesses) agent.next();
        assertThat(asked.attempt()).isEqualTo(attempt);
        ProcessList.Item main = new ProcessList.Item(
                7,
                1,
                "sh",
                List.of("sh", "-c", "\u001b[31m"),
                true,
                ProcessList.State.ZOMBIE,
                10,
                20,
                null,
                1,
                null,
                null);
        agent.send(new AgentMessage.ProcessesListed(attempt, asked.call(), new ProcessList(AT, List.of(main), true)));
        assertThat(answer.get().statusCode()).isEqualTo(200);
        assertThat(json(answer.get())).hasToString("""
                        {"takenAt":"2026-03-01T10:00:01.123Z","processes":[{"pid":7,"parentPid":1,"name":"sh",\
                        "command":"sh -c \\u001B[31m","argv":["sh","-c","\\u001B[31m"],"argvTruncated":true,"state":"ZOMBIE",\
                        "userMs":10,"systemMs":20,"rssBytes":null,"threads":1,"waitsOn":null,"kernelStack":null}],\
                        "truncated":true}""");
    }

    @Test
    void aSignalIsOnRecordBeforeItIsSent() throws Exception {
        CompletableFuture<HttpResponse<String>> answer =
                later(() -> signal(run + ".0", "{\"signal\":\"SIGQUIT\",\"wholeTree\":true}"));
        ServerMessage.SendSignal sent = (ServerMessage.SendSignal) agent.next();
        assertThat(sent).isEqualTo(new ServerMessage.SendSignal(attempt, sent.call(), "SIGQUIT", true));
        assertThat(audited()).singleElement().satisfies(event -> {
            assertThat(event.actor()).isEqualTo("admin");
            assertThat(event.subject()).isEqualTo(run + ".0");
            assertThat(event.detail()).isEqualTo(Map.of("signal", "SIGQUIT", "wholeTree", "true", "attempt", "1"));
        });
        agent.send(new AgentMessage.SignalSent(attempt, sent.call()));
        assertThat(answer.get().statusCode()).isEqualTo(202);
        assertThat(json(answer.get()).get("state").asString()).isEqualTo("RUNNING");
    }

    @Test
    void itGoesToTheMainProcessUnlessTheWholeTreeIsMeant() throws Exception {
        CompletableFuture<HttpResponse<String>> answer = later(() -> signal(run + ".0", "{\"signal\":\"SIGHUP\"}"));
        ServerMessage.SendSignal sent = (ServerMessage.SendSignal) agent.next();
        assertThat(sent.wholeTree()).isFalse();
        agent.send(new AgentMessage.NotDone(attempt, sent.call(), AgentMessage.NotDone.Why.NOT_RUNNING));
        assertThat(answer.get().statusCode()).isEqualTo(409);
    }

    @ParameterizedTest
    @CsvSource({"NOT_RUNNING,409,conflict", "UNREACHABLE,503,unavailable"})
    void whatTheAgentCannotDoIsSaid(AgentMessage.NotDone.Why why, int status, String code) throws Exception {
        CompletableFuture<HttpResponse<String>> answer = later(() -> api.get(processes()));
        ServerMessage.ListProcesses asked = (ServerMessage.ListProcesses) agent.next();
        agent.send(new AgentMessage.NotDone(attempt, asked.call(), why));
        assertThat(answer.get().statusCode()).isEqualTo(status);
        assertThat(json(answer.get()).get("type").asString()).isEqualTo("urn:hufu:problem:" + code);
    }

    @Test
    void anAnswerOfAnotherSessionIsNoAnswerAndABrokenConnectionEndsTheWait() throws Exception {
        CompletableFuture<HttpResponse<String>> answer = later(() -> api.get(processes()));
        ServerMessage.ListProcesses asked = (ServerMessage.ListProcesses) agent.next();
        FakeAgent other = new FakeAgent(api.sessions, "other").hello(5);
        other.send(new AgentMessage.ProcessesListed(attempt, asked.call(), new ProcessList(AT, List.of(), false)));
        agent.session().disconnected();
        assertThat(answer.get(5, TimeUnit.SECONDS).statusCode()).isEqualTo(503);
        assertThat(api.get(processes()).statusCode()).as("nobody is connected").isEqualTo(503);
    }

    @Test
    void whatDoesNotRunHasNoProcessesAndTakesNoSignal() {
        RunId pending = api.accepted(ApiFixture.MINIMAL);
        assertThat(api.get("/api/v1/tasks/" + pending + ".0/processes").statusCode())
                .isEqualTo(409);
        assertThat(signal(pending + ".0", "{\"signal\":\"SIGHUP\"}").statusCode())
                .isEqualTo(409);
        assertThat(api.get("/api/v1/tasks/" + pending + ".1/processes").statusCode())
                .isEqualTo(404);
        assertThat(signal(pending + ".1", "{\"signal\":\"SIGHUP\"}").statusCode())
                .isEqualTo(404);
        assertThat(audited()).isEmpty();
        assertThat(agent.rest()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|/signal",
                "{\"signal\":\"QUIT\"}|/signal",
                "{\"signal\":3}|/signal",
                "{\"signal\":\"SIGHUP\",\"wholeTree\":\"yes\"}|/wholeTree",
                "{\"signal\":\"SIGHUP\",\"tree\":true}|/tree"
            })
    void aWrongRequestIsRefusedByItsPointer(String body, String pointer) {
        HttpResponse<String> refused = signal(run + ".0", body);
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(json(refused).at("/errors/0/pointer").asString()).isEqualTo(pointer);
        assertThat(audited()).isEmpty();
    }
}
