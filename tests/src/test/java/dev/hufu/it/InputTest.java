package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Commands that misbehave, and commands that cannot be started, seen through the API. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class InputTest {
    private ServerProcess server;
    private Api api;
    private Path directory;

    @BeforeAll
    void start(@TempDir Path directory) throws IOException {
        this.directory = directory;
        server = ServerProcess.started(directory.resolve("data"));
        api = server.api();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private void spawnFails(Map<String, ?> body, String errno, String stage, String text) throws Exception {
        JsonNode task = api.run(body);
        assertThat(Api.state(task)).as("%s", task).isEqualTo("FAILED");
        assertThat(task.get("reason").asString()).isEqualTo("spawn-failed");
        assertThat(task.at("/spawnError/errno").asString()).isEqualTo(errno);
        assertThat(task.at("/spawnError/stage").asString()).isEqualTo(stage);
        assertThat(task.get("message").asString()).startsWith(text);
        assertThat(task.get("startedAt").isNull()).isTrue();
        assertThat(task.get("exitCode").isNull()).isTrue();
    }

    @Test
    void b21_aProgramThatIsMissing() throws Exception {
        spawnFails(Api.argv("/no/such/program"), "ENOENT", "exec", "No such file or directory");
        spawnFails(Api.argv("no-such-program-anywhere"), "ENOENT", "exec", "No such file or directory");
    }

    @Test
    void b22_aProgramThatIsNotExecutable() throws Exception {
        Path plain = Files.writeString(directory.resolve("plain"), "#!/bin/sh\n");
        spawnFails(Api.argv(plain.toString()), "EACCES", "exec", "Permission denied");
    }

    @Test
    void b23_aDirectoryAndAFileWithoutInterpreterLine() throws Exception {
        spawnFails(Api.argv("/usr"), "EACCES", "exec", "Permission denied");
        Path noMagic = Files.writeString(directory.resolve("no-magic"), "echo hello\n");
        Files.setPosixFilePermissions(noMagic, PosixFilePermissions.fromString("rwxr-xr-x"));
        spawnFails(Api.argv(noMagic.toString()), "ENOEXEC", "exec", "Exec format error");
    }

    @Test
    void b24_aWorkingDirectoryThatIsMissing() throws Exception {
        spawnFails(
                Map.of("exec", Map.of("argv", List.of("true")), "cwd", "/no/such/directory"),
                "ENOENT",
                "chdir",
                "No such file or directory");
    }

    @Test
    void b25_argumentsThatAreTooLongTogetherAndOneThatIsTooLongAlone() throws Exception {
        List<String> argv = new ArrayList<>(List.of("true"));
        argv.addAll(Collections.nCopies(9_000, "x".repeat(100)));
        String large = "y".repeat(131_072);
        Api.Answer refused = api.post("/api/v1/runs", Api.argv("true", large));
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.body().at("/errors/0/pointer").asString()).isEqualTo("/exec/argv/1");
        assertThat(refused.body().at("/errors/0/detail").asString())
                .contains("131")
                .contains("stdin");
        JsonNode accepted = api.run(Api.argv("true", large.substring(2)));
        assertThat(Api.state(accepted)).isEqualTo("SUCCEEDED");
        assertThat(Api.state(api.run(Map.of("exec", Map.of("argv", argv))))).isEqualTo("SUCCEEDED");
    }

    @Test
    void b27_argumentsAreVerbatim() throws Exception {
        List<String> arguments =
                List.of("$(x)", "`x`", "-rf", "@file", "*", "a b", "\"'\\", "", "ünï", ";|&", "%s\t\n");
        List<String> argv = new ArrayList<>(List.of("/bin/sh", "-c", "printf '<%s>' \"$@\"", "sh"));
        argv.addAll(arguments);
        JsonNode task = api.run(Map.of("exec", Map.of("argv", argv)));
        assertThat(api.stdout(task.get("runId").asString())).isEqualTo("<" + String.join("><", arguments) + ">");
    }

    @Test
    void b29_binaryOutputIsExact() throws Exception {
        String all = "i=0; while [ $i -lt 256 ]; do printf \"\\\\$(printf %03o $i)\"; i=$((i+1)); done";
        String run = api.run(Api.shell(all)).get("runId").asString();
        byte[] expected = new byte[256];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = (byte) i;
        }
        assertThat(api.outputBytes(run, "stream=stdout")).isEqualTo(expected);
        assertThat(Arrays.copyOfRange(expected, 100, 150))
                .isEqualTo(api.outputBytes(run, "stream=stdout&offset=100&limit=50"));
    }

    @Test
    void b30_aLineOfAMebibyteAndEndlessOutputAreCappedByBytes() throws Exception {
        String line = api.run(Api.shell("head -c 1048576 /dev/zero | tr '\\0' x"))
                .get("runId")
                .asString();
        assertThat(api.outputBytes(line, "stream=stdout")).hasSize(1 << 20);
        JsonNode endless = api.run(
                Map.of("exec", Map.of("argv", List.of("yes")), "timeout", "1s", "limits", Map.of("output", "64KiB")));
        assertThat(Api.state(endless)).isEqualTo("TIMED_OUT");
        long total = endless.at("/output/stdoutBytes").asLong();
        Api.Answer output = api.get("/api/v1/tasks/" + endless.get("id").asString() + "/output?stream=stdout");
        assertThat(output.header("Hufu-Output-Gap")).isEqualTo("stdout=65536-" + (total - 65_536));
        assertThat(output.response().body()).hasSize(2 * 65_536);
    }

    @Test
    void b31_stdoutClosedEarlyDoesNotEndTheTask() throws Exception {
        String run = api.run(Api.shell("echo out; exec >&-; sleep 0.3; echo err >&2"))
                .get("runId")
                .asString();
        assertThat(api.outputBytes(run, "stream=stderr")).isEqualTo("err\n".getBytes(StandardCharsets.UTF_8));
        assertThat(api.stdout(run)).isEqualTo("out\n");
    }

    @Test
    void b32_aChildThatClosesItsInputEndsNormally() throws Exception {
        JsonNode task = api.run(Map.of(
                "exec", Map.of("argv", List.of("sh", "-c", "exec <&-; echo fine")), "stdin", "x".repeat(900_000)));
        assertThat(Api.state(task)).isEqualTo("SUCCEEDED");
    }

    @Test
    void b33_b36_aDaemonThatHoldsStdoutDelaysTheResultNoLongerThanTheDrainGrace() throws Exception {
        JsonNode task = api.run(Api.shell("setsid sleep 1000 & echo done"));
        assertThat(Api.state(task)).isEqualTo("SUCCEEDED");
        assertThat(task.at("/usage/wallMs").asLong()).isLessThan(60_000);
        String run = task.get("runId").asString();
        assertThat(api.stdout(run)).isEqualTo("done\n");
        assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run)).isEmpty();
    }

    @Test
    void b34_manyProcessesThatForkOnAreAllGone() throws Exception {
        String bomb = "f() { n=$1; [ $n -gt 0 ] && { f $((n-1)) & f $((n-1)) & }; sleep 1000; }; f 7; wait";
        String run = api.submit(Map.of("exec", Map.of("argv", List.of("bash", "-c", bomb)), "killGrace", "0s"));
        api.awaitRunning(run);
        Eventually.holds(
                "it has forked",
                Api.PATIENCE,
                () -> Proc.withEnvironment("HUFU_RUN_ID=" + run).size() > 50);
        api.cancel(run);
        assertThat(Api.state(api.awaitTask(run))).isEqualTo("CANCELLED");
        assertThat(Proc.withEnvironment("HUFU_RUN_ID=" + run)).isEmpty();
    }

    @Test
    void b37_zombiesOfTheCommandAreReaped() throws Exception {
        JsonNode task = api.run(Api.shell("for i in 1 2 3 4 5 6 7 8; do (true &) ; done; echo done"));
        assertThat(Api.state(task)).isEqualTo("SUCCEEDED");
        List<Long> ours = Proc.programsBelow(server.runtime());
        Eventually.holds(
                "no zombie is left",
                Api.PATIENCE,
                () -> Proc.pids(pid -> Proc.state(pid) == 'Z' && ours.contains(Proc.parent(pid)))
                        .isEmpty());
    }

    @Test
    void b38_noCoreIsDumped() throws Exception {
        JsonNode task = api.run(Api.shell("ulimit -c; kill -SEGV $$"));
        assertThat(task.get("signal").asString()).isEqualTo("SIGSEGV");
        assertThat(api.stdout(task.get("runId").asString())).isEqualTo("0\n");
    }

    @Test
    void b39_exitCode137AndSigkillAreToldApart() throws Exception {
        JsonNode exited = api.run(Api.shell("exit 137"));
        assertThat(exited.get("exitCode").asInt()).isEqualTo(137);
        assertThat(exited.get("signal").isNull()).isTrue();
        assertThat(exited.get("reason").asString()).isEqualTo("exit");
        JsonNode killed = api.run(Api.shell("kill -KILL $$"));
        assertThat(killed.get("signal").asString()).isEqualTo("SIGKILL");
        assertThat(killed.get("exitCode").isNull()).isTrue();
        assertThat(killed.get("reason").asString()).isEqualTo("signal");
    }

    @Test
    void b35_whatStopsItselfIsStillKilledAtItsDeadline() throws Exception {
        JsonNode task = api.run(Map.of(
                "exec",
                Map.of("argv", List.of("sh", "-c", "kill -STOP $$")),
                "timeout",
                "500ms",
                "killGrace",
                "100ms"));
        assertThat(Api.state(task)).isEqualTo("TIMED_OUT");
    }

    @Test
    void b40_whatAsksForATerminalFailsAtOnce() throws Exception {
        JsonNode task = api.run(Api.shell("(exec 3</dev/tty) 2>/dev/null && echo tty || echo none"));
        assertThat(api.stdout(task.get("runId").asString())).isEqualTo("none\n");
    }

    @Test
    void outputOfBothStreamsComesInTheOrderOfArrival() throws Exception {
        String run = api.run(Api.shell("for i in 1 2 3; do echo o$i; sleep 0.05; echo e$i >&2; sleep 0.05; done"))
                .get("runId")
                .asString();
        assertThat(new String(api.outputBytes(run, ""), StandardCharsets.UTF_8)).isEqualTo("o1\ne1\no2\ne2\no3\ne3\n");
    }
}
