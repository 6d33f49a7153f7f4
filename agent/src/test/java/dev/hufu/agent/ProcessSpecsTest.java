package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.exec.OutputPolicy;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.Program;
import dev.hufu.exec.ResourceLimits;
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
    private static final Path CHECKPOINT = Path.of("/somewhere/checkpoints/4");
    private static final Instant START = Instant.parse("2026-01-02T03:04:05.678999Z");

    private static ProcessSpec spec(RunSpec run, @Nullable String traceparent, String home) {
        return new ProcessSpecs(NodeUser.of("worker", "1000", home), true)
                .spec(new StartAttempt(ATTEMPT, run, Samples.FAR, traceparent), FILE, START, CHECKPOINT);
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
                        Map.entry("HUFU_CHECKPOINT_DIR", "/somewhere/checkpoints/4"),
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
                        "PATH",
                        "HOME",
                        "USER",
                        "LOGNAME",
                        "LANG",
                        "HUFU_RUN_ID",
                        "HUFU_TASK_ID",
                        "HUFU_ATTEMPT",
                        "HUFU_CHECKPOINT_DIR");
        assertThat(spec.environment()).containsEntry("LANG", "C.UTF-8");
        assertThat(spec.timeout()).isNull();
    }

    @Test
    void theDeadlineHasMillisecondsAlsoOnTheSecond() {
        ProcessSpec spec = new ProcessSpecs(NodeUser.of("worker", "1000", "/"), false)
                .spec(
                        new StartAttempt(
                                ATTEMPT, Samples.spec("/", Duration.ofSeconds(30), Map.of()), Samples.FAR, null),
                        FILE,
                        Instant.parse("2026-01-02T03:04:05Z"),
                        CHECKPOINT);
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
    void anotherUserIsToldToTheLauncherAndTheEnvironmentIsThatUsers() {
        ProcessSpec root = spec(as("root", RunSpec.Resources.NONE), null, "/home/worker");
        assertThat(root.user()).isEqualTo("root");
        assertThat(root.environment())
                .containsEntry("HOME", "/root")
                .containsEntry("USER", "root")
                .containsEntry("LOGNAME", "root");
        ProcessSpec unknown = spec(as("no-such-user", RunSpec.Resources.NONE), null, "/home/worker");
        assertThat(unknown.user()).isEqualTo("no-such-user");
        assertThat(unknown.environment()).containsEntry("HOME", "/").containsEntry("USER", "no-such-user");
        assertThat(unknown.workingDirectory()).isEqualTo(Path.of("/"));
        for (String own : List.of("worker", "1000")) {
            ProcessSpec same = spec(as(own, RunSpec.Resources.NONE), null, "/home/worker");
            assertThat(same.user()).isNull();
            assertThat(same.environment()).containsEntry("HOME", "/home/worker").containsEntry("USER", "worker");
        }
    }

    @Test
    void limitsReachTheLauncherEachAsItIs() {
        assertThat(spec(as(null, RunSpec.Resources.NONE), null, "/").limits()).isEqualTo(ResourceLimits.NONE);
        assertThat(spec(as(null, new RunSpec.Resources(1L << 30, 1.5, 64, 1_024)), null, "/")
                        .limits())
                .isEqualTo(ResourceLimits.NONE
                        .withMemoryBytes(1L << 30)
                        .withCpus(1.5)
                        .withProcesses(64)
                        .withOpenFiles(1_024));
        assertThat(RunSpec.Resources.LEAST_MEMORY).isEqualTo(ResourceLimits.LEAST_MEMORY_BYTES);
        assertThat(RunSpec.Resources.LEAST_CPU).isEqualTo(ResourceLimits.LEAST_CPUS);
        assertThat(RunSpec.Resources.MOST_CPU).isEqualTo(ResourceLimits.MOST_CPUS);
        assertThat(RunSpec.Resources.LEAST_PIDS).isEqualTo(ResourceLimits.LEAST_PROCESSES);
        assertThat(RunSpec.Resources.LEAST_FILES).isEqualTo(ResourceLimits.LEAST_OPEN_FILES);
    }

    private static RunSpec as(@Nullable String user, RunSpec.Resources resources) {
        return new RunSpec(
                new Execution.Argv(List.of("true")),
                Map.of(),
                null,
                user,
                Bytes.EMPTY,
                null,
                Duration.ZERO,
                Duration.ofHours(1),
                new RunSpec.Limits(1, RunSpec.OnOutput.TRUNCATE, resources),
                0,
                Map.of());
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
