package dev.hufu.protocol;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a server tells an agent. Every message is idempotent by attempt. */
public sealed interface ServerMessage {
    /**
     * Start this attempt, once.
     *
     * @param expiresAt not to be started after this
     * @param traceparent W3C trace context for the process; null where there is none
     */
    record StartAttempt(
            AttemptId attempt,
            RunSpec spec,
            Instant expiresAt,
            @Nullable String traceparent) implements ServerMessage {}

    /** Stop it: terminate, wait for the grace, kill; or never start it. */
    record StopAttempt(AttemptId attempt, Duration grace) implements ServerMessage {}

    /** The end is durable here; the agent may forget the attempt. */
    record Acknowledged(AttemptId attempt) implements ServerMessage {}
}
