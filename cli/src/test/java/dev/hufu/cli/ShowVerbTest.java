package dev.hufu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class ShowVerbTest {
    private final FakeServer server = new FakeServer();
    private final Cockpit cockpit = new Cockpit(server.address());

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void aRunIsShownToAReader() {
        server.write("stdout", "x".repeat(2_048));
        server.end("TIMED_OUT", FakeServer.ended("timeout", null, "SIGKILL"));
        assertThat(cockpit.run("show", FakeServer.RUN)).isZero();
        assertThat(cockpit.stdout.text()).isEqualTo("""
                        Run       01jd0000000000000000000000
                        State     FAILED
                        Command   du -sh '/var/a b' '\\x1b[31mred'
                        Labels    ticket=OPS-1
                        Created   2026-01-02 04:04:05 +0100 by admin
                        Trace     0af7651916cd43dd8448eb211c80319c

                        Task      01jd0000000000000000000000.0 on local
                        State     TIMED_OUT (timeout)
                        Result    SIGKILL
                        Started   2026-01-02 04:04:06 +0100
                        Ended     2026-01-02 04:04:37 +0100, after 31.2 s
                        Output    2.0 KiB stdout, 0 B stderr
                        Used      20 ms user, 3.1 s system, 4.2 MiB memory at most
                        Stopped   deadline; proof that nothing is left: no-children, after 5.0 s
                                  +0 ms    SIGTERM  sent to 3, 1 left
                                  +5.0 s   SIGKILL  sent to 1, 0 left
                        """);
        assertThat(cockpit.stdout.text().lines()).allMatch(line -> line.length() <= 80);
        assertThat(cockpit.stderr.text()).isEmpty();
    }

    @Test
    void b58_aMessageFoldsWithinTheWidthAndSteersNoTerminal() {
        server.end(
                "FAILED",
                FakeServer.notStarted("ENOENT", "exec", "No such file: " + "\\r\\u009b2J\\u202e é".repeat(20)));
        assertThat(cockpit.run("show", FakeServer.RUN + ".0")).isZero();
        assertThat(cockpit.stdout.text())
                .contains("Result    not started: ENOENT at exec", "Message   No such file: \\x0d\\x9b2J\\u202e é")
                .doesNotContain("\u009b", "\u202e", "\r");
        assertThat(cockpit.stdout.text().lines()).allMatch(line -> line.length() <= 80);
    }

    @Test
    void b58_whatIsTwoCellsWideFoldsWithinTheWidth() {
        server.end("FAILED", FakeServer.notStarted("ENOENT", "exec", "虎".repeat(40)));
        assertThat(cockpit.run("show", FakeServer.RUN + ".0")).isZero();
        assertThat(cockpit.stdout.text().lines().filter(line -> line.contains("虎")))
                .containsExactly("Message   " + "虎".repeat(35), " ".repeat(10) + "虎".repeat(5));
    }

    @Test
    void coloursAreForATerminalWithoutNoColor() {
        cockpit.stdout.terminal = true;
        assertThat(cockpit.run("show", FakeServer.RUN)).isZero();
        assertThat(cockpit.stdout.text()).contains("State     \033[36mRUNNING\033[0m");
        Cockpit plain = new Cockpit(server.address());
        plain.stdout.terminal = true;
        plain.env.put("NO_COLOR", "1");
        assertThat(plain.run("show", FakeServer.RUN)).isZero();
        assertThat(plain.stdout.text()).doesNotContain("\033");
    }

    @Test
    void jsonHoldsEverythingThatTheServerTells() {
        server.end("FAILED", FakeServer.notStarted("ENOENT", "exec", "a\\u009bb"));
        assertThat(cockpit.run("show", "-o", "json", FakeServer.RUN.toUpperCase(Locale.ROOT)))
                .isZero();
        assertThat(cockpit.stdout.text()).doesNotContain("\u009b");
        JsonNode run = JsonMapper.shared().readTree(cockpit.stdout.text());
        assertThat(run.get("new").booleanValue()).isTrue();
        assertThat(run.get("createdAt").stringValue()).isEqualTo("2026-01-02T03:04:05.678Z");
        assertThat(run.get("tasks").get(0).get("message").stringValue()).isEqualTo("a\u009bb");

        Cockpit other = new Cockpit(server.address());
        assertThat(other.run("show", FakeServer.RUN + ".0", "-o", "json")).isZero();
        assertThat(JsonMapper.shared().readTree(other.stdout.text()).get("id").stringValue())
                .isEqualTo(FakeServer.RUN + ".0");
    }

    @Test
    void whatIsNotThereExits1() {
        assertThat(cockpit.run("show", "01jd0000000000000000000001")).isEqualTo(1);
        assertThat(cockpit.stderr.text())
                .isEqualTo(
                        "hufu: There is no such thing. (trace abc)\nhufu: 'hufu runs' lists the runs that this server knows\n");
    }

    @Test
    void cancelAsksAndDoesNotWait() {
        assertThat(cockpit.run("cancel", FakeServer.RUN + ".0")).isZero();
        assertThat(server.cancels()).isEqualTo(1);
        assertThat(cockpit.stdout.text()).isEqualTo(FakeServer.RUN + " RUNNING, cancel requested\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {FakeServer.RUN, FakeServer.RUN + ".0"})
    void waitExitsAsTheRunDoes(String id) throws Exception {
        FutureTask<Integer> waiting = cockpit.start("wait", id);
        // A server that was never there is not waited for.
        server.awaitFirstRequest();
        server.goAway();
        server.comeBack();
        server.end("FAILED", FakeServer.ended("signal", null, "SIGSEGV"));
        assertThat(waiting.get(60, TimeUnit.SECONDS)).isEqualTo(139);
        assertThat(cockpit.stdout.text()).isEqualTo(id + " FAILED\n");
    }

    @Test
    void versionAsksNoServer() {
        server.close();
        assertThat(cockpit.run("version")).isZero();
        assertThat(cockpit.stdout.text()).matches("hufu [0-9]+\\.[0-9]+\\.[0-9]+\\S* \\(Java [0-9].*\\)\\R");
        Cockpit json = new Cockpit(server.address());
        assertThat(json.run("version", "-o", "json")).isZero();
        assertThat(JsonMapper.shared()
                        .readTree(json.stdout.text())
                        .get("version")
                        .stringValue())
                .matches("[0-9].*");
        server.comeBack();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "run --help",
                "show -h",
                "cancel --help",
                "wait --help",
                "version --help",
                "help",
                "help run",
                "help server",
                "logs --help",
                "runs -h",
                "nodes -h",
                "retry -h",
                "completion -h",
                "help -h",
                "--server http://x show --help"
            })
    void helpIsEverywhereAndFitsATerminal(String line) {
        assertThat(cockpit.run(line.split(" ", -1))).isZero();
        assertThat(cockpit.stdout.text()).contains("Usage: hufu").doesNotContain("\033");
        assertThat(cockpit.stdout.text().lines()).allMatch(each -> each.length() <= 80);
        assertThat(cockpit.stderr.text()).isEmpty();
    }

    @Test
    void helpListsTheServerToo() {
        assertThat(cockpit.run("--help")).isZero();
        assertThat(cockpit.stdout.text()).contains("server", "run", "show", "cancel", "wait", "version", "HUFU_URL");
    }
}
