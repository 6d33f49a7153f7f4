package dev.hufu.agent;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.Execution;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.ServerMessage.StartAttempt;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values that tests need and that say nothing by themselves. */
final class Samples {
    static final RunId RUN = new RunId("01jd0000000000000000000000");
    static final Instant AT = Instant.parse("2026-01-02T03:04:05.678901234Z");
    static final Instant FAR = Instant.parse("2100-01-01T00:00:00Z");

    private Samples() {}

    static AttemptId attempt(int task) {
        return attempt(task, 1);
    }

    static AttemptId attempt(int task, int number) {
        return new AttemptId(RUN.task(task), number);
    }

    static RunSpec spec() {
        return spec("/", null, Map.of());
    }

    static RunSpec spec(@Nullable String cwd, @Nullable Duration timeout, Map<String, String> env) {
        return new RunSpec(
                new Execution.Argv(List.of("sleep", "60")),
                env,
                cwd,
                Bytes.EMPTY,
                timeout,
                Duration.ofSeconds(5),
                RunSpec.DEFAULT_EXPIRES_AFTER,
                new RunSpec.Limits(1_000, RunSpec.OnOutput.TRUNCATE),
                0,
                Map.of());
    }

    static StartAttempt start(AttemptId attempt) {
        return new StartAttempt(attempt, spec(), FAR, null);
    }

    static Outcome outcome(int code) {
        return new Outcome(
                new Outcome.Ending.Exited(code),
                Outcome.StopCause.NONE,
                AT,
                AT,
                new Outcome.Usage(1, 2, 3, 4),
                Outcome.Output.NONE,
                null);
    }
}
