package dev.hufu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RunVerbTest {
    private final FakeServer server = new FakeServer();
    private final Cockpit cockpit = new Cockpit(server.address());

    @TempDir
    private Path folder;

    @AfterEach
    void stop() {
        server.close();
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 6_000 && !condition.getAsBoolean(); i++) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    private static int code(FutureTask<Integer> running) throws Exception {
        return running.get(60, TimeUnit.SECONDS);
    }

    @Test
    void eachStreamGoesToItsOwnAsItComes() throws Exception {
        FutureTask<Integer> running = cockpit.start("run", "--", "x");
        server.write("stdout", "one\n");
        until(() -> cockpit.stdout.text().equals("one\n"));
        server.write("stderr", "two\n");
        until(() -> cockpit.stderr.text().equals("two\n"));
        server.write("stdout", "three");
        server.end("SUCCEEDED", FakeServer.ended("exit", 0, null));
        assertThat(code(running)).isZero();
        assertThat(cockpit.stdout.text()).isEqualTo("one\nthree");
        assertThat(cockpit.stderr.text()).isEqualTo("two\n");
    }

    @Test
    void b29_bytesThatAreNoTextArriveAsTheyWere() throws Exception {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 3_000_000; i++) {
            all.append((char) (i * 31 % 256));
        }
        server.write("stdout", all.toString());
        server.end("SUCCEEDED", FakeServer.ended("exit", 0, null));
        assertThat(cockpit.run("run", "--", "x")).isZero();
        assertThat(cockpit.stdout.toBytes()).isEqualTo(all.toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void aRestartOfTheServerInTheMiddleIsNotSeenInTheOutput() throws Exception {
        cockpit.stderr.terminal = true;
        FutureTask<Integer> running = cockpit.start("run", "--", "x");
        server.write("stdout", "before,");
        until(() -> cockpit.stdout.text().equals("before,"));
        server.goAway();
        until(() -> cockpit.stderr.text().contains("trying again"));
        server.write("stdout", "after");
        server.end("FAILED", FakeServer.ended("exit", 3, null));
        server.comeBack();
        assertThat(code(running)).isEqualTo(3);
        assertThat(cockpit.stdout.text()).isEqualTo("before,after");
        assertThat(cockpit.stderr.text()).containsOnlyOnce("trying again");
    }

    @Test
    void f27_twentyBrokenConnectionsLoseAndDoubleNothing() {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 40_000; i++) {
            all.append((char) (i * 31 % 256));
        }
        server.write("stdout", all.toString());
        server.end("SUCCEEDED", FakeServer.ended("exit", 0, null));
        server.cutFollows(20, 1_999);
        assertThat(cockpit.run("run", "--", "x")).isZero();
        assertThat(cockpit.stdout.toBytes()).isEqualTo(all.toString().getBytes(StandardCharsets.ISO_8859_1));
        assertThat(server.outputQueries()).hasSize(21).element(1).asString().contains("stdoutOffset=1999");
    }

    @Test
    void onSeveralNodesItSucceedsWhereAllDo() {
        server.tasks(3);
        server.write("stdout", "one\n");
        server.end("SUCCEEDED", FakeServer.ended("exit", 0, null));
        assertThat(cockpit.run("run", "--node", "a", "--node", "b", "--node", "c", "--", "x"))
                .isZero();
        assertThat(cockpit.stdout.text()).isEqualTo("one\none\none\n");
        server.end("FAILED", FakeServer.ended("exit", 7, null));
        assertThat(cockpit.run("run", "--where", "true", "--", "x")).isEqualTo(1);
    }

    @Test
    void aGapIsJumpedSaidAndFails() {
        server.write("stdout", "head-");
        server.gap(5, 1_000);
        server.write("stdout", "tail");
        server.end("SUCCEEDED", FakeServer.ended("exit", 0, null));
        assertThat(cockpit.run("run", "--", "x")).isEqualTo(125);
        assertThat(cockpit.stdout.text()).isEqualTo("head-tail");
        assertThat(cockpit.stderr.text()).contains("995 bytes of stdout were not kept");
    }

    @Test
    void whatWasReadBeforeItWasDroppedIsNotMissing() {
        server.write("stdout", "every byte");
        server.truncated();
        server.end("SUCCEEDED", FakeServer.ended("exit", 0, null));
        assertThat(cockpit.run("run", "--", "x")).isZero();
        assertThat(cockpit.stdout.text()).isEqualTo("every byte");
        assertThat(cockpit.stderr.text()).isEmpty();
        assertThat(server.bodies().getLast()).contains("\"onOutput\":\"block\"");
    }

    @ParameterizedTest
    @CsvSource({
        "SUCCEEDED, exit, 0, , 0",
        "FAILED, exit, 3, , 3",
        "FAILED, signal, , SIGKILL, 137",
        "FAILED, signal, , SIGTERM, 143",
        "FAILED, exit, 137, , 137",
        "TIMED_OUT, timeout, , SIGKILL, 124",
        "TIMED_OUT, timeout, 0, , 124",
        "CANCELLED, cancelled, , SIGTERM, 130",
        "EXPIRED, expired, , , 125",
        "LOST, supervisor-lost, , , 125",
        "FAILED, rejected, , , 125"
    })
    void theExitCodeTellsHowItEnded(String state, String reason, Integer exitCode, String signal, int code) {
        server.end(state, FakeServer.ended(reason, exitCode, signal));
        assertThat(cockpit.run("run", "--", "x")).isEqualTo(code);
    }

    @ParameterizedTest
    @CsvSource({
        "ENOENT, exec, 127, ''",
        "EACCES, exec, 126, ''",
        "ENOEXEC, exec, 126, ''",
        "ENOENT, chdir, 125, 'the working directory cannot be entered: '",
        "EPERM, user, 125, 'it cannot run as that user: '",
        "EINVAL, limits, 125, 'a limit cannot be kept: '",
        "EIO, checkpoint, 125, 'the command could not be started: '"
    })
    void b21_theExitCodeTellsWhyItDidNotStart(String errno, String stage, int code, String place) {
        server.end("FAILED", FakeServer.notStarted(errno, stage, "Text of " + errno + ": \\u001b[2Jx"));
        assertThat(cockpit.run("run", "--", "x")).isEqualTo(code);
        assertThat(cockpit.stderr.text()).isEqualTo("hufu: " + place + "Text of " + errno + ": \\x1b[2Jx\n");
    }

    @Test
    void ctrlCCancelsAndTheOutputGoesOnUntilTheEnd() throws Exception {
        cockpit.stderr.terminal = true;
        server.onCancel(() -> {
            server.write("stdout", "last words");
            server.end("CANCELLED", FakeServer.ended("cancelled", null, "SIGTERM"));
        });
        FutureTask<Integer> running = cockpit.start("run", "--", "x");
        server.write("stdout", "first, ");
        until(() -> cockpit.stdout.text().equals("first, "));
        cockpit.interrupt();
        assertThat(code(running)).isEqualTo(130);
        assertThat(cockpit.stdout.text()).isEqualTo("first, last words");
        assertThat(cockpit.stderr.text()).contains("cancelling " + FakeServer.RUN);
        assertThat(server.cancels()).isEqualTo(1);
        assertThat(cockpit.left).isNotDone();
    }

    @Test
    void whatEndedBeforeCtrlCKeepsItsOwnResult() throws Exception {
        server.onCancel(() -> server.end("FAILED", FakeServer.ended("exit", 9, null)));
        FutureTask<Integer> running = cockpit.start("run", "--", "x");
        cockpit.interrupt();
        assertThat(code(running)).isEqualTo(9);
    }

    @Test
    void aSecondCtrlCKillsAndLeaves() throws Exception {
        FutureTask<Integer> running = cockpit.start("run", "--", "x");
        cockpit.interrupt();
        until(() -> server.cancels() == 1);
        cockpit.interrupt();
        assertThat(cockpit.left.get(60, TimeUnit.SECONDS)).isEqualTo(130);
        assertThat(server.cancels()).isEqualTo(2);
        assertThat(server.cancelBody()).isEqualTo("{\"killGrace\":\"0ms\"}");
        assertThat(cockpit.stderr.text()).contains("hufu show " + FakeServer.RUN);
        server.end("CANCELLED", FakeServer.ended("cancelled", null, "SIGTERM"));
        code(running);
    }

    @Test
    void aReaderThatHasGoneCancelsTheRunAsAPipeWould() throws Exception {
        cockpit.stdout.pipe = true;
        cockpit.stdout.broken = true;
        FutureTask<Integer> running = cockpit.start("run", "--", "x");
        server.write("stdout", "y\n");
        assertThat(code(running)).isEqualTo(141);
        assertThat(server.cancels()).isEqualTo(1);
        assertThat(cockpit.stderr.text()).isEmpty();
    }

    @Test
    void aFullDiskBehindStdoutIsSaidAndCancelsTheRun() throws Exception {
        cockpit.stdout.broken = true;
        FutureTask<Integer> running = cockpit.start("run", "--", "x");
        server.write("stdout", "y\n");
        assertThat(code(running)).isEqualTo(125);
        assertThat(server.cancels()).isEqualTo(1);
        assertThat(cockpit.stderr.text()).contains("cannot write to stdout");
    }

    @Test
    void everyOptionReachesTheServer() throws IOException {
        Path script = Files.writeString(folder.resolve("a script"), "#!/usr/bin/env  bash -eu\necho ünï\n");
        cockpit.stdin("input".getBytes(StandardCharsets.UTF_8));
        assertThat(cockpit.run(
                        "run",
                        "--timeout",
                        "1h30m",
                        "--kill-grace=500ms",
                        "--expires-after",
                        "1d",
                        "--env",
                        "A=b=c",
                        "--env",
                        "B=",
                        "--cwd",
                        "/tmp",
                        "--stdin",
                        "-",
                        "--limit-output",
                        "64KiB",
                        "--label",
                        "ticket=OPS-1",
                        "--node",
                        "a",
                        "--node=b",
                        "--where",
                        "labels.role == 'web'",
                        "--user",
                        "nobody",
                        "--memory",
                        "256MiB",
                        "--cpus",
                        "1.5",
                        "--pids",
                        "64",
                        "--files",
                        "1024",
                        "--priority",
                        "-5",
                        "--script",
                        script.toString(),
                        "--idempotency-key",
                        "k 1",
                        "--detach",
                        "--",
                        "--flag",
                        "@file"))
                .isZero();
        assertThat(cockpit.stdout.text()).isEqualTo(FakeServer.RUN + "\n");
        assertThat(server.keys()).containsExactly("k 1");
        assertThat(server.bodies())
                .containsExactly("{\"exec\":{\"script\":\"#!/usr/bin/env  bash -eu\\necho ünï\\n\","
                        + "\"interpreter\":[\"/usr/bin/env\",\"bash -eu\"],\"args\":[\"--flag\",\"@file\"]},"
                        + "\"targets\":{\"nodes\":[\"a\",\"b\"],\"where\":\"labels.role == 'web'\"},"
                        + "\"env\":{\"A\":\"b=c\",\"B\":\"\"},\"labels\":{\"ticket\":\"OPS-1\"},\"cwd\":\"/tmp\","
                        + "\"user\":\"nobody\",\"limits\":{\"memory\":268435456,\"cpu\":1.5,\"pids\":64,\"files\":1024,"
                        + "\"output\":65536},\"stdin\":\"input\",\"timeout\":\"5400000ms\","
                        + "\"killGrace\":\"500ms\",\"expiresAfter\":\"86400000ms\",\"priority\":-5}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"$(x)", "`x`", "-rf", "@file", "${sys:user.home}", "a b", "'q'", "\"q\"", "", "--", "*"})
    void b27_argumentsArePassedAsTheyAre(String argument) {
        server.end("SUCCEEDED", FakeServer.ended("exit", 0, null));
        assertThat(cockpit.run("run", "--", "echo", argument, "-n", argument)).isZero();
        String quoted = "\"" + argument.replace("\"", "\\\"") + "\"";
        assertThat(server.bodies().getFirst())
                .isEqualTo("{\"exec\":{\"argv\":[\"echo\"," + quoted + ",\"-n\"," + quoted
                        + "]},\"limits\":{\"onOutput\":\"block\"}}");
    }

    @Test
    void b29_attachedTheProcessWaitsForItsReaderUnlessALimitIsSet() {
        server.end("SUCCEEDED", FakeServer.ended("exit", 0, null));
        assertThat(cockpit.run("run", "--limit-output", "1MiB", "--", "x")).isZero();
        assertThat(cockpit.run("run", "--detach", "--", "x")).isZero();
        assertThat(cockpit.run("run", "--", "x")).isZero();
        assertThat(server.bodies())
                .containsExactly(
                        "{\"exec\":{\"argv\":[\"x\"]},\"limits\":{\"output\":1048576}}",
                        "{\"exec\":{\"argv\":[\"x\"]}}",
                        "{\"exec\":{\"argv\":[\"x\"]},\"limits\":{\"onOutput\":\"block\"}}");
    }

    @Test
    void whatFollowsTheProgramIsItsOwnEvenWithoutTheDashes() {
        server.end("SUCCEEDED", FakeServer.ended("exit", 0, null));
        assertThat(cockpit.run("run", "--timeout=none", "ls", "--timeout", "-l"))
                .isZero();
        assertThat(server.bodies().getFirst())
                .isEqualTo("{\"exec\":{\"argv\":[\"ls\",\"--timeout\",\"-l\"]},\"limits\":{\"onOutput\":\"block\"},"
                        + "\"timeout\":\"none\"}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "run",
                "run --nope -- x",
                "run --label a -- x",
                "run --cpus many -- x",
                "run --pids 1.5 -- x",
                "run --memory 1TB -- x",
                "run --priority high -- x",
                "run --detach --detach=1 -- x",
                "run --cwd /a --cwd /b -- x",
                "run -x -- x",
                "run --timeout soon -- x",
                "run --timeout -- x",
                "run --kill-grace 5 -- x",
                "run --limit-output 1kb -- x",
                "run --limit-output 99999999999GiB -- x",
                "run --env NAME -- x",
                "run --idempotency-key ü -- x",
                "run -o json -- x",
                "run -o yaml -- x",
                "run --server ftp://x -- x",
                "run \ufffd",
                "--server http://u:p@h run x",
                "show",
                "runs --state DONE",
                "runs --since yesterday",
                "runs --limit 0",
                "runs --limit 5 --all",
                "runs x",
                "logs",
                "logs --offset 5 01jd0000000000000000000000",
                "logs --stream stdin 01jd0000000000000000000000",
                "logs --stream stdout --offset -5 01jd0000000000000000000000",
                "nodes x",
                "completion",
                "completion fish",
                "help me",
                "retry x",
                "cancel",
                "--server",
                "--nope run x",
                "show x",
                "show 01jd0000000000000000000000 x",
                "nope",
                ""
            })
    void aWrongCommandLineExits2(String line) {
        assertThat(cockpit.run(line.isEmpty() ? new String[0] : line.split(" ", -1)))
                .isEqualTo(2);
        assertThat(cockpit.stdout.text()).isEmpty();
        assertThat(cockpit.stderr.text()).startsWith("hufu: ").contains("--help'");
        assertThat(server.bodies()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--script", "--stdin"})
    void aFileThatIsNotThereExits125(String option) {
        assertThat(cockpit.run("run", option, folder.resolve("none").toString(), "--", "x"))
                .isEqualTo(125);
        assertThat(cockpit.stderr.text()).contains("none: no such file");
    }

    @Test
    void noServerExits125AtOnceAndSaysHowToStartOne() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Cockpit alone = new Cockpit(URI.create("http://127.0.0.1:" + port));
        assertThat(alone.run("run", "--", "x")).isEqualTo(125);
        assertThat(alone.stderr.text()).contains("No answer from http://127.0.0.1:" + port, "'hufu server'");
        assertThat(alone.run("show", FakeServer.RUN)).isEqualTo(1);
    }

    @Test
    void aRefusalIsShownWithAHint() {
        server.refuseSubmits(413, FakeServer.problem("payload-too-large", "The body is too large."));
        assertThat(cockpit.run("run", "--", "x")).isEqualTo(125);
        assertThat(cockpit.stderr.text()).contains("The body is too large. (trace abc)", "--stdin");
    }

    @Test
    void theTokenComesFromTheDataDirectoryOfALocalServerOnly() throws IOException {
        server.end("SUCCEEDED", FakeServer.ended("exit", 0, null));
        Path data = Files.createDirectories(folder.resolve("dätä x/hufu"));
        Files.writeString(data.resolve("admin.token"), FakeServer.TOKEN + "\n");
        cockpit.env.remove("HUFU_TOKEN");
        cockpit.env.put("HOME", folder.resolve("empty").toString());
        assertThat(cockpit.run("run", "--", "x")).isEqualTo(125);
        assertThat(cockpit.stderr.text())
                .contains("looked in " + folder.resolve("empty/.local/share/hufu/admin.token"));
        cockpit.env.put("HUFU_TOKEN", "of-another-server");
        assertThat(cockpit.run("run", "--", "x")).isEqualTo(125);
        assertThat(cockpit.stderr.text()).contains("HUFU_TOKEN is set, and is not a token of that server");
        cockpit.env.remove("HUFU_TOKEN");
        cockpit.env.put("HUFU_DATA", data.toString());
        assertThat(cockpit.run("run", "--", "x")).isZero();
        cockpit.env.remove("HUFU_DATA");
        cockpit.env.put("XDG_DATA_HOME", folder.resolve("dätä x").toString());
        assertThat(cockpit.run("run", "--", "x")).isZero();
        assertThat(Access.of("http://127.0.0.1:1", null, cockpit.env).token()).isEqualTo(FakeServer.TOKEN);
        assertThat(Access.of("http://[::1]:1", null, cockpit.env).token()).isEqualTo(FakeServer.TOKEN);
        assertThat(Access.of("http://[0:0:0:0:0:0:0:1]:1", null, cockpit.env).token())
                .isEqualTo(FakeServer.TOKEN);
        assertThat(Access.of("https://hufu.example", null, cockpit.env).token()).isNull();
        assertThat(Access.of("http://127.example", null, cockpit.env).token()).isNull();
    }
}
