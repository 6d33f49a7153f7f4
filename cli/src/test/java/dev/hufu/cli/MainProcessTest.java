package dev.hufu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line as a process of its own: what only that has are signals, pipes and arguments. */
@DisabledOnOs(OS.WINDOWS)
final class MainProcessTest {
    private final FakeServer server = new FakeServer();
    private final List<Process> started = new ArrayList<>();

    @TempDir
    private Path folder;

    @AfterEach
    void stop() {
        started.forEach(Process::destroyForcibly);
        server.close();
    }

    private Process shell(String script, String... arguments) throws IOException {
        // Whoever runs this test may ignore signals, as nohup does, and a shell cannot take that back.
        List<String> command = new ArrayList<>(
                List.of("env", "--default-signal", "sh", "-c", "hufu='dev.hufu.cli.Main'; " + script, "sh"));
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                System.getProperty("java.class.path")));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("HUFU_URL", server.address().toString());
        builder.environment().put("HUFU_TOKEN", FakeServer.TOKEN);
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.redirectOutput(folder.resolve("out").toFile());
        builder.redirectError(folder.resolve("err").toFile());
        Process process = builder.start();
        started.add(process);
        return process;
    }

    private int ended(Process process) throws InterruptedException {
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    private void untilOutputIs(String text) throws IOException, InterruptedException {
        Path out = folder.resolve("out");
        for (int i = 0;
                i < 6_000 && !(Files.exists(out) && Files.readString(out).equals(text));
                i++) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertThat(out).hasContent(text);
    }

    private static void send(String signal, Process process) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM", "HUP"})
    void aSignalCancelsAndTheOutputGoesOn(String signal) throws Exception {
        server.onCancel(() -> {
            server.write("stdout", "last");
            server.end("CANCELLED", FakeServer.ended("cancelled", null, "SIGTERM"));
        });
        server.write("stdout", "first ");
        // A shell without job control has its background commands ignore INT; exec keeps this one in front.
        Process process = shell("exec \"$1\" -cp \"$2\" $hufu run -- x");
        untilOutputIs("first ");
        send(signal, process);
        assertThat(ended(process)).isEqualTo(130);
        assertThat(folder.resolve("out")).hasContent("first last");
        assertThat(server.cancels()).isEqualTo(1);
    }

    @Test
    void aSecondSignalLeavesAtOnce() throws Exception {
        server.write("stdout", "first");
        Process process = shell("exec \"$1\" -cp \"$2\" $hufu run -- x");
        untilOutputIs("first");
        send("INT", process);
        for (int i = 0; i < 6_000 && server.cancels() == 0; i++) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        send("INT", process);
        assertThat(ended(process)).isEqualTo(130);
        assertThat(folder.resolve("err")).content().contains("hufu show " + FakeServer.RUN);
    }

    @Test
    void nohupIsHonoured() throws Exception {
        server.write("stdout", "first");
        Process process = shell("trap '' HUP; exec \"$1\" -cp \"$2\" $hufu run -- x");
        untilOutputIs("first");
        send("HUP", process);
        server.write("stdout", " last");
        server.end("SUCCEEDED", FakeServer.ended("exit", 0, null));
        assertThat(ended(process)).isZero();
        assertThat(folder.resolve("out")).hasContent("first last");
        assertThat(server.cancels()).isZero();
    }

    @Test
    void aPipeWithoutAReaderCancels() throws Exception {
        Process process = shell("{ \"$1\" -cp \"$2\" $hufu run -- x; echo $? >&2; } | head -c 2");
        server.write("stdout", "y\n");
        untilOutputIs("y\n");
        // A write may still go into the pipe; the next one cannot.
        for (int i = 0; i < 6_000 && server.cancels() == 0; i++) {
            server.write("stdout", "y\n");
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertThat(ended(process)).isZero();
        assertThat(folder.resolve("err")).hasContent("141\n");
        assertThat(server.cancels()).isEqualTo(1);
    }

    @Test
    void aFullDeviceIsSaid() throws Exception {
        server.write("stdout", "y\n");
        Process process = shell("\"$1\" -cp \"$2\" $hufu run -- x > /dev/full");
        assertThat(ended(process)).isEqualTo(125);
        assertThat(folder.resolve("err")).content().contains("cannot write to stdout: No space left on device");
    }

    @Test
    void argumentsBeyondAsciiAndStdinArrive() throws Exception {
        server.end("SUCCEEDED", FakeServer.ended("exit", 0, null));
        Process process = shell("printf 'in\\377' | \"$1\" -cp \"$2\" $hufu run --stdin - -- \"$3\"", "ünï 虎符 🐅");
        assertThat(ended(process)).isZero();
        assertThat(server.bodies())
                .containsExactly("{\"exec\":{\"argv\":[\"ünï 虎符 🐅\"]},\"stdin\":{\"base64\":\"aW7/\"},"
                        + "\"limits\":{\"onOutput\":\"block\"}}");
    }
}
