package dev.hufu.exec;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** One attempt that was launched or attached to. Thread-safe. Closing it lets go of the process and does not stop it. */
public interface RunningProcess extends AutoCloseable {
    /** The main process's id; 0 where it was never started. */
    long pid();

    /** When exec succeeded; empty where it did not. */
    Optional<Instant> startedAt();

    /** Asks for the whole tree to be stopped, and returns at once; {@link #awaitExit} tells when the proof is there. */
    void stop(StopPolicy policy) throws IOException;

    /**
     * Sends a signal.
     *
     * @param signal its number
     * @param wholeTree to every process of the tree, or the main process only
     */
    void signal(int signal, boolean wholeTree) throws IOException;

    /** Waits for the end of the whole tree. Every call gives the same answer. */
    ProcessResult awaitExit() throws InterruptedException;

    /** As {@link #awaitExit()}, for at most {@code timeout}. */
    Optional<ProcessResult> awaitExit(Duration timeout) throws InterruptedException;

    /** Whether KILL was sent and something is still alive, held by the kernel. */
    boolean killPending();

    /** A reader of its output; the caller closes it. */
    OutputReader output() throws IOException;

    @Override
    void close();
}
