package dev.hufu.agent;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import java.time.Instant;

/** What the journal says of an attempt. */
sealed interface JournalRecord {
    AttemptId attempt();

    /** It may have been started from here on. */
    record Starting(AttemptId attempt, Instant at) implements JournalRecord {}

    /** It has ended, or will never be started. */
    record Ended(AttemptId attempt, Outcome outcome) implements JournalRecord {}

    /** The server keeps its end; it may be forgotten. */
    record Acknowledged(AttemptId attempt) implements JournalRecord {}
}
