package dev.hufu.exec;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How an attempt ended. It exists only after proof that nothing of the process tree is left, except where {@code status}
 * is {@link ExitStatus.Unknown}.
 *
 * @param startedAt when exec succeeded; null where it did not
 * @param usage null where it is unknown
 * @param killReport null where nothing had to be killed
 */
public record ProcessResult(
        ExitStatus status,
        StopCause stopCause,
        @Nullable Instant startedAt,
        Instant finishedAt,
        @Nullable ResourceUsage usage,
        OutputSummary output,
        @Nullable KillReport killReport) {}
