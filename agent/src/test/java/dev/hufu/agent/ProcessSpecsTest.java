package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.exec.OutputPolicy;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.Program;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.Execution;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.ServerMessage.StartAttempt;
import dev.hufu.protocol.codec.RecordCodec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ProcessSpecsTest {
    private static final AttemptId ATTEMPT = Samples.attempt(4, 2);
    private static final Path FILE = Path.of("/somewhere/attempt");
    private static final Instant START = Instant.parse("2026-01-02T03:04:05.678999Z");

    private static ProcessSpec spec(RunSpec run, @Nullable String traceparent, String home) {
        return new ProcessSpecs(new NodeUser("worker", home), true)
                .spec(new StartAttempt(ATTEMPT, run, Samples.FAR, traceparent), FILE, START);
    }

    @Test
    void theEnvironmentIsExactlyWhatTheContractSays() {
        Map<String, String> env = new LinkedHashMap<>();
        env.put("LANG", "C");
        env.put("ZED", "1");
        env.put("ALPHA", "2");
        ProcessSpec spec = spec(Samples.spec("/", Duration.ofMinutes(1), env), "00-trace-01", "/home/worker");
        assertThat(spec.environment())
                .containsExactlyInAnyOrderEntriesOf(Map.ofEntries(
                        Map.entry("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
                        Map.entry("HOME", "/home/worker"),
                        Map.entry("USER", "worker"),
                        Map.entry("LOGNAME", "worker"),
                        Map.entry("LANG", "C"),
                        Map.entry("ZED", "1"),
                        Map.entry("ALPHA", "2"),
                        Map.entry("HUFU_RUN_ID", "01jd0000000000000000000000"),
                        Map.entry("HUFU_TASK_ID", "01jd0000000000000000000000.4"),
                        Map.entry("HUFU_ATTEMPT", "2"),
                        Map.entry("HUFU_DEADLINE", "2026-01-02T03:05:05.678Z"),
                        Map.entry("TRACEPARENT", "00-trace-01")));
        assertThat(spec.environment().keySet())
                .containsSubsequence("PATH", "LANG", "ZED", "ALPHA", "HUFU_RUN_ID", "TRACEPARENT");
        assertThat(spec.marker()).isEqualTo("HUFU_TASK_ID=01jd0000000000000000000000.4");
    }

    @Test
    void withoutTimeoutAndTraceThereAreNoVariablesForThem() {
        ProcessSpec spec = spec(Samples.spec(), null, "/");
        assertThat(spec.environment().keySet())
                .containsExactly(
                        "PATH", "HOME", "USER", "LOGNAME", "LANG", "HUFU_RUN_ID", "HUFU_TASK_ID", "HUFU_ATTEMPT");
        assertThat(spec.environment()).containsEntry("LANG", "C.UTF-8");
        assertThat(spec.timeout()).isNull();
    }

    @Test
    void theDeadlineHasMillisecondsAlsoOnTheSecond() {
        ProcessSpec spec = new ProcessSpecs(new NodeUser("worker", "/"), false)
                .spec(
                        new StartAttempt(
                                ATTEMPT, Samples.spec("/", Duration.ofSeconds(30), Map.of()), Samples.FAR, null),
                        FILE,
                        Instant.parse("2026-01-02T03:04:05Z"));
        assertThat(spec.environment()).containsEntry("HUFU_DEADLINE", "2026-01-02T03:04:35.000Z");
    }

    @Test
    void everyValueOfTheOrderReachesTheProcess() {
        RunSpec run = new RunSpec(
                new Execution.Script("echo $1", List.of("/bin/sh", "-e"), List.of("a b")),
                Map.of(),
                "/tmp",
                Bytes.of(new byte[] {1, 0, 2}),
                Duration.ofMillis(1_500),
                Duration.ZERO,
                Duration.ofHours(1),
                new RunSpec.Limits(77, RunSpec.OnOutput.BLOCK),
                0,
                Map.of("label", "unseen"));
        ProcessSpec spec = spec(run, null, "/");
        assertThat(spec.program()).isEqualTo(new Program.Script("echo $1", List.of("/bin/sh", "-e"), List.of("a b")));
        assertThat(spec.attemptFile()).isEqualTo(FILE);
        assertThat(spec.workingDirectory()).isEqualTo(Path.of("/tmp"));
        assertThat(spec.stdin()).containsExactly(1, 0, 2);
        assertThat(spec.timeout()).isEqualTo(Duration.ofMillis(1_500));
        assertThat(spec.killGrace()).isZero();
        assertThat(spec.notAfter()).isEqualTo(Samples.FAR);
        assertThat(spec.drainGrace()).isEqualTo(ProcessSpec.DEFAULT_DRAIN_GRACE);
        assertThat(spec.outputLimit()).isEqualTo(77);
        assertThat(spec.outputPolicy()).isEqualTo(OutputPolicy.BLOCK);
        assertThat(spec.allowPrivilegeGain()).isTrue();
        assertThat(RecordCodec.cbor().decode(spec.metadata(), AttemptId.class)).isEqualTo(ATTEMPT);
        assertThat(spec(Samples.spec(), null, "/").program())
                .isEqualTo(new Program.CommandLine(List.of("sleep", "60")));
    }

    @Test
    void theWorkingDirectoryIsTheHomeWhereThereIsOne(@TempDir Path home) {
        assertThat(spec(Samples.spec(null, null, Map.of()), null, home.toString())
                        .workingDirectory())
                .isEqualTo(home);
        assertThat(spec(Samples.spec(null, null, Map.of()), null, home + "/missing")
                        .workingDirectory())
                .isEqualTo(Path.of("/"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/täst/ünï", "/a b/%41/#?", "/a//b", "//a", "/x;y&z"})
    void aWorkingDirectoryKeepsItsBytes(String text) {
        Path directory = spec(Samples.spec(text, null, Map.of()), null, "/").workingDirectory();
        assertThat(directory.toUri().getPath().getBytes(StandardCharsets.UTF_8))
                .isEqualTo(Path.of(text).toUri().getPath().getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "relative", "~", "/with\u0000nul"})
    void b28_aWorkingDirectoryThatIsNoneIsRefused(String text) {
        assertThatThrownBy(() -> spec(Samples.spec(text, null, Map.of()), null, "/"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
