package dev.hufu.exec;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;

/** Starts process trees and finds them again. Thread-safe; calls block and are fit for virtual threads. */
public interface ProcessLauncher extends AutoCloseable {
    /** What a launcher can promise beyond starting and waiting. */
    enum Capability {
        /** Processes outlive the JVM and can be attached to. */
        REATTACH,
        /** A stop reaches every descendant, also those that left the process group or session. */
        WHOLE_TREE,
        /** A signal is told apart from an exit code. */
        EXACT_STATUS,
        /** Deadlines fire without the JVM. */
        OWN_DEADLINE,
        /** Every {@link OutputPolicy} is kept to, also without the JVM; else only {@link OutputPolicy#TRUNCATE} is. */
        OUTPUT_POLICIES
    }

    /** What {@link #attach} found. */
    sealed interface Attachment {
        record Running(RunningProcess process) implements Attachment {}

        record Ended(ProcessResult result) implements Attachment {}

        /** There is no attempt file: nothing was started, provably. */
        record NeverStarted() implements Attachment {}
    }

    /**
     * Starts a process and returns once exec succeeded or failed; a failure to start is a process that has ended with
     * {@link ExitStatus.LaunchFailed}.
     *
     * @throws java.nio.file.FileAlreadyExistsException if this attempt file exists: the attempt was launched before
     * @throws IOException if the launcher could not be reached; whether the process was started is then for
     *     {@link #attach} to say
     */
    RunningProcess launch(ProcessSpec spec) throws IOException;

    /**
     * Finds an attempt by its file: a living one is attached to, an ended one read. Where neither supervisor nor record is
     * left, what remains of the tree is killed first, then the answer is {@link ExitStatus.Unknown}.
     *
     * @param patience how long to wait for a living supervisor to answer
     */
    Attachment attach(Path attemptFile, Duration patience) throws IOException, InterruptedException;

    /** A reader of an attempt's output, whether it runs or has ended. */
    OutputReader output(Path attemptFile) throws IOException;

    Set<Capability> capabilities();

    /** Whom this launcher can run processes as, and how it keeps their {@link ResourceLimits}. */
    Isolation isolation();

    /** Lets go of all processes without stopping any. */
    @Override
    void close();
}
