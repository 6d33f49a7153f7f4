package dev.hufu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LogsVerbTest {
    private final FakeServer server = new FakeServer();
    private final Cockpit cockpit = new Cockpit(server.address());

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {FakeServer.RUN, FakeServer.RUN + ".0"})
    void whatIsThereIsPrintedAndNotWaitedFor(String id) {
        server.write("stdout", "out\n");
        server.write("stderr", "err\n");
        assertThat(cockpit.run("logs", id)).isZero();
        assertThat(cockpit.stdout.text()).isEqualTo("out\n");
        assertThat(cockpit.stderr.text()).isEqualTo("err\n");
    }

    @Test
    void b58_b42_outputIsDataAndGoesThroughUntouched() {
        String raw = "\033[2J\r\u009b\u0000{\"end\":{}}\n\n\377\376";
        server.write("stdout", raw);
        assertThat(cockpit.run("logs", FakeServer.RUN)).isZero();
        assertThat(cockpit.stdout.toBytes()).isEqualTo(raw.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void oneStreamFromAPositionOn() {
        server.write("stdout", "0123456789");
        server.write("stderr", "err");
        assertThat(cockpit.run("logs", "--stream=stdout", "--offset", "4", FakeServer.RUN))
                .isZero();
        assertThat(cockpit.stdout.text()).isEqualTo("456789");
        assertThat(cockpit.stderr.text()).isEmpty();
        assertThat(server.outputQueries()).containsExactly("stream=stdout&offset=4");
    }

    @Test
    void aGapIsSaidAndIsNoFailureOfReading() {
        server.write("stdout", "head-");
        server.gap(5, 1_000);
        server.write("stdout", "tail");
        assertThat(cockpit.run("logs", FakeServer.RUN)).isZero();
        assertThat(cockpit.stdout.text()).isEqualTo("head-tail");
        assertThat(cockpit.stderr.text()).contains("995 bytes of stdout were not kept");
    }

    @ParameterizedTest
    @CsvSource({
        "-f, FAILED, exit, 3, , 3",
        "--follow, FAILED, signal, , SIGKILL, 137",
        "-f, TIMED_OUT, timeout, , SIGTERM, 124"
    })
    void followedItExitsAsTheRun(String option, String state, String reason, Integer exit, String signal, int code)
            throws Exception {
        server.write("stdout", "first ");
        FutureTask<Integer> running = cockpit.start("logs", option, FakeServer.RUN);
        server.write("stdout", "last");
        server.end(state, FakeServer.ended(reason, exit, signal));
        assertThat(running.get(60, TimeUnit.SECONDS)).isEqualTo(code);
        assertThat(cockpit.stdout.text()).isEqualTo("first last");
    }

    @Test
    void f27_followedItGoesOnOverARestart() throws Exception {
        cockpit.stderr.terminal = true;
        server.write("stdout", "before,");
        FutureTask<Integer> running = cockpit.start("logs", "-f", "--stream", "stdout", FakeServer.RUN);
        while (!cockpit.stdout.text().equals("before,")) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        server.goAway();
        server.write("stdout", "after");
        server.end("SUCCEEDED", FakeServer.ended("exit", 0, null));
        server.comeBack();
        assertThat(running.get(60, TimeUnit.SECONDS)).isZero();
        assertThat(cockpit.stdout.text()).isEqualTo("before,after");
    }

    @Test
    void aReaderThatHasGoneEndsTheReadingAlone() {
        cockpit.stdout.pipe = true;
        cockpit.stdout.broken = true;
        server.write("stdout", "y\n");
        assertThat(cockpit.run("logs", "-f", FakeServer.RUN)).isEqualTo(141);
        assertThat(server.cancels()).isZero();
        assertThat(cockpit.stderr.text()).isEmpty();
    }

    @Test
    void whatIsNotThereExits1AndFollowed125() {
        String id = "01jd0000000000000000000001";
        assertThat(cockpit.run("logs", id)).isEqualTo(1);
        assertThat(cockpit.run("logs", "-f", id)).isEqualTo(125);
        assertThat(cockpit.stderr.text()).contains("There is no such thing.", "'hufu runs'");
    }
}
