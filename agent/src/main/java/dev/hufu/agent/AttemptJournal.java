package dev.hufu.agent;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import java.io.IOException;
import java.time.Instant;
import java.util.List;

/**
 * What an agent must still know of its attempts after a crash. Thread-safe. Once a write failed, every later one does:
 * what the disk did not take is never claimed.
 */
interface AttemptJournal extends AutoCloseable {
    /**
     * Opens it, once, before anything else.
     *
     * @return the last record of each attempt that is not acknowledged, in the order in which they came to be known
     * @throws IOException if it is damaged, in use by another agent, or cannot be read or written
     */
    List<JournalRecord> open() throws IOException;

    /** Returns when the record is durable: only then may the attempt be started. */
    void starting(AttemptId attempt, Instant at) throws IOException, InterruptedException;

    /** Returns when the record is durable: only then may the end be reported. */
    void ended(AttemptId attempt, Outcome outcome) throws IOException, InterruptedException;

    /** Does not wait; a crash may forget it, and the end is then reported once more. */
    void acknowledged(AttemptId attempt);

    /** Writes what is waiting and lets go of the files. Idempotent. */
    @Override
    void close();
}
