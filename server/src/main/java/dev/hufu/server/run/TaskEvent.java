package dev.hufu.server.run;

import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Reason;
import java.time.Instant;

/** Something that may change a task's state. Those that come from an agent name the attempt they speak of. */
public sealed interface TaskEvent {
    Instant at();

    /** A slot is free, and the task is offered to its node. */
    record Leased(Instant at) implements TaskEvent {}

    /** The agent did not accept it in time, or never heard of it. */
    record NotAccepted(int attempt, Instant at) implements TaskEvent {}

    /** The agent started the process. */
    record Started(int attempt, Instant startedAt, Instant at) implements TaskEvent {}

    /** The kernel holds something that was killed, or no longer does. */
    record KillPending(int attempt, boolean pending, Instant at) implements TaskEvent {}

    /** The agent reports the end. */
    record Ended(int attempt, Outcome outcome, Instant at) implements TaskEvent {}

    /** Nobody will ever report the end. */
    record OutcomeUnknown(int attempt, Reason reason, Instant at) implements TaskEvent {}

    /** The wait after this attempt is over. */
    record BackoffOver(int attempt, Instant at) implements TaskEvent {}

    /** A caller wants the run cancelled. */
    record CancelRequested(Instant at) implements TaskEvent {}

    /** The time to start has passed. */
    record ExpiryPassed(Instant at) implements TaskEvent {}
}
