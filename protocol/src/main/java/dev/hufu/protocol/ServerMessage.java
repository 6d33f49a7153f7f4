package dev.hufu.protocol;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a server tells an agent. Every message is idempotent by attempt, but for calls: those are sent once, and answered once
 * by their number, which means nothing after the session.
 */
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

    /**
     * A reader has everything up to these positions, so that a process which waits for its reader may go on. Positions
     * never go back: an older message changes nothing.
     */
    record OutputRead(AttemptId attempt, long stdout, long stderr) implements ServerMessage {}

    /**
     * The end is durable here; the agent may forget the attempt.
     *
     * @param taskEnded whether the task will have no other attempt, so that what its attempts share can go
     */
    record Acknowledged(AttemptId attempt, boolean taskEnded) implements ServerMessage {
        /** Of a task that goes on. */
        public Acknowledged(AttemptId attempt) {
            this(attempt, false);
        }
    }

    /** The task has ended, or nobody knows it: what its attempts shared can go. */
    record TaskEnded(TaskId task) implements ServerMessage {}

    /** A call: what processes does this attempt have now? One look answers all that come within a second. */
    record ListProcesses(AttemptId attempt, long call) implements ServerMessage {}

    /**
     * A call: send this signal. It is not a stop: what follows from it is the process's own affair.
     *
     * @param signal its name, as in {@code SIGHUP}
     * @param wholeTree to every process, or to the main one only
     */
    record SendSignal(AttemptId attempt, long call, String signal, boolean wholeTree) implements ServerMessage {}
}
