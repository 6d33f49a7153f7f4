package dev.hufu.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.TaskId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The example of README.md is this code. */
final class ReadmeTest {
    private static final String RUN = "01jd0000000000000000000000";

    // README begins
    static void example(URI address, String token, OutputStream out, OutputStream err)
            throws IOException, InterruptedException {
        try (HufuClient hufu = HufuClient.builder(address).token(token).build()) {
            Run run = hufu.submit(RunRequest.argv("du", "-sh", "/var")
                    .timeout(Duration.ofMinutes(5))
                    .build());
            TaskId task = run.id().task(0);
            try (OutputReader output = hufu.follow(task)) {
                output.copyTo(out, err);
            }
            Task ended = hufu.task(task);
            if (!ended.state().terminal()) {
                hufu.cancel(run.id());
            }
        }
    }
    // README ends

    @Test
    void theExampleRuns() throws IOException, InterruptedException {
        try (ScriptedServer server = new ScriptedServer()) {
            String run =
                    "{\"id\":\"%s\",\"state\":\"RUNNING\",\"createdAt\":\"2026-01-02T03:04:05.678Z\"}".formatted(RUN);
            server.answer(202, run)
                    .answer(200, """
                            {"stream":"stdout","offset":0,"text":"4.0K /var"}
                            {"end":{"stdoutBytes":9,"stderrBytes":0,"truncated":false}}
                            """)
                    .answer(200, """
                            {"id":"%1$s.0","runId":"%1$s","node":"local","state":"RUNNING","attempt":1,
                             "createdAt":"2026-01-02T03:04:05.678Z"}""".formatted(RUN))
                    .answer(202, run);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            example(server.address(), "t", out, OutputStream.nullOutputStream());
            assertThat(out).hasToString("4.0K /var");
            assertThat(server.asked()).hasSize(4);
        }
    }

    @Test
    void theReadmeShowsIt() throws IOException {
        List<String> source = Files.readAllLines(Path.of("src/test/java/dev/hufu/client/ReadmeTest.java"));
        String shown = String.join(
                "\n",
                source.subList(source.indexOf("    // README begins") + 3, source.indexOf("    // README ends") - 1));
        assertThat(Files.readString(Path.of("README.md"))).contains(shown.stripIndent());
    }
}
