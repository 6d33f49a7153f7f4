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

    /**
     * Looks at its processes as they are now; there are none once it has ended. Takes time that grows with their number.
     *
     * @param atMost how many processes are told of; of what is left out only that there is more
     * @throws IOException if its attempt file cannot be read
     */
    ProcessTree processes(int atMost) throws IOException;

    /**
     * Readers have its streams up to these positions, so that a process which waits for them ({@link OutputPolicy#BLOCK})
     * may go on. Positions only grow: a smaller one changes nothing, and one beyond what was written counts beforehand. They
     * are told to the process's supervisor as soon as it can be reached; nothing happens where the process has ended, or
     * has another policy.
     */
    void consumed(long stdout, long stderr);

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
