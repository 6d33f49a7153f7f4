package dev.hufu.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.protocol.codec.RecordCodec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RecordCodecTest {
    private static final AttemptId ATTEMPT = new AttemptId(new RunId("01jd0000000000000000000000").task(3), 2);
    private static final Instant AT = Instant.parse("2026-01-02T03:04:05.678901234Z");
    private static final RunSpec SPEC = new RunSpec(
            new Execution.Argv(List.of("echo", "$(x)", "\u0000ünï")),
            Map.of("A", "b"),
            null,
            "nobody",
            Bytes.of(new byte[] {0, -1, 7}),
            null,
            Duration.ofMillis(1),
            Duration.ofDays(30),
            new RunSpec.Limits(5, RunSpec.OnOutput.TRUNCATE, new RunSpec.Resources(1L << 40, 1.5, 64, null)),
            0,
            Map.of());

    static List<Object> messages() {
        Outcome.KillReport report = new Outcome.KillReport(
                "deadline", "no-children", List.of(new Outcome.KillReport.Step("SIGTERM", AT, 3, 1)), 12);
        return List.of(
                new AgentMessage.Hello(
                        "local",
                        "1",
                        5,
                        Map.of("arch", "amd64"),
                        List.of(new AgentMessage.Known(ATTEMPT, AgentMessage.Known.Phase.ENDED))),
                new AgentMessage.Started(ATTEMPT, AT, 17),
                new AgentMessage.KillPending(ATTEMPT, true),
                ended(new Outcome.Ending.Exited(3), report),
                ended(new Outcome.Ending.Signaled("SIGKILL"), report),
                ended(new Outcome.Ending.SpawnFailed("ENOENT", "exec", "No such file or directory: x"), null),
                ended(new Outcome.Ending.NeverStarted(), null),
                ended(new Outcome.Ending.Expired(), null),
                ended(new Outcome.Ending.Rejected("no"), null),
                ended(new Outcome.Ending.Unknown(Reason.RECORD_DAMAGED, "crc"), null),
                new AgentMessage.ProcessesListed(
                        ATTEMPT,
                        7,
                        new ProcessList(
                                AT,
                                List.of(
                                        new ProcessList.Item(
                                                1,
                                                2,
                                                "sh",
                                                List.of("sh", ""),
                                                true,
                                                ProcessList.State.SLEEPING,
                                                3,
                                                4,
                                                5L,
                                                6,
                                                "do_wait",
                                                List.of("do_wait+0x1")),
                                        new ProcessList.Item(
                                                2,
                                                1,
                                                "",
                                                List.of(),
                                                false,
                                                ProcessList.State.ZOMBIE,
                                                0,
                                                0,
                                                null,
                                                1,
                                                null,
                                                null)),
                                true)),
                new AgentMessage.SignalSent(ATTEMPT, 8),
                new AgentMessage.NotDone(ATTEMPT, 9, AgentMessage.NotDone.Why.UNREACHABLE),
                new ServerMessage.ListProcesses(ATTEMPT, 7),
                new ServerMessage.SendSignal(ATTEMPT, 8, "SIGQUIT", true),
                new ServerMessage.StopAttempt(ATTEMPT, Duration.ofSeconds(5)),
                new ServerMessage.OutputRead(ATTEMPT, 1L << 40, 0),
                new ServerMessage.Acknowledged(ATTEMPT, true),
                new ServerMessage.TaskEnded(ATTEMPT.task()),
                new AgentMessage.Keeps(List.of(ATTEMPT.task())));
    }

    private static AgentMessage ended(Outcome.Ending ending, Outcome.@Nullable KillReport report) {
        return new AgentMessage.Ended(
                ATTEMPT,
                new Outcome(
                        ending,
                        Outcome.StopCause.DEADLINE,
                        AT,
                        AT,
                        new Outcome.Usage(1, 2, 3, 4),
                        new Outcome.Output(5, 6, true, false),
                        report));
    }

    @ParameterizedTest
    @MethodSource("messages")
    void everyMessageComesBackEqual(Object message) {
        Class<?> family = message instanceof AgentMessage ? AgentMessage.class : ServerMessage.class;
        for (RecordCodec codec : List.of(RecordCodec.cbor(), RecordCodec.json())) {
            assertThat((Object) codec.decode(codec.encode(message), family)).isEqualTo(message);
        }
    }

    @ParameterizedTest
    @MethodSource("messages")
    void everyTruncationIsRefused(Object message) {
        byte[] bytes = RecordCodec.cbor().encode(message);
        Class<?> family = message instanceof AgentMessage ? AgentMessage.class : ServerMessage.class;
        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> RecordCodec.cbor().decode(cut, family))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aSpecComesBackWithEveryField() {
        for (RecordCodec codec : List.of(RecordCodec.cbor(), RecordCodec.json())) {
            RunSpec back = codec.decode(codec.encode(SPEC), RunSpec.class);
            assertThat(back).usingRecursiveComparison().isEqualTo(SPEC);
            ServerMessage.StartAttempt start = new ServerMessage.StartAttempt(ATTEMPT, SPEC, AT, null);
            assertThat(codec.decode(codec.encode(start), ServerMessage.class))
                    .usingRecursiveComparison()
                    .isEqualTo(start);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"is\":\"Acknowledged\",\"attempt\":{\"task\":\"01jd0000000000000000000000.0\",\"number\":1},\"taskEnded\":true,\"more\":1}",
                "{\"is\":\"Acknowledged\"}",
                "{\"is\":\"Other\"}",
                "{\"is\":\"Acknowledged\",\"attempt\":{\"task\":\"../x.0\",\"number\":1}}",
                "{\"is\":\"Acknowledged\",\"attempt\":{\"task\":\"01jd0000000000000000000000.0\",\"number\":1},\"taskEnded\":true} {}",
                "{\"is\":\"Acknowledged\",\"attempt\":{\"task\":\"01jd0000000000000000000000.0\",\"number\":1,\"number\":2}}"
            })
    void whatIsNotExactlyAMessageIsRefused(String text) {
        assertThatThrownBy(() -> RecordCodec.json().decode(text.getBytes(StandardCharsets.UTF_8), ServerMessage.class))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
