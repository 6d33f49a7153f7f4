package dev.hufu.exec;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;

/** Starts process trees and finds them again. Thread-safe; calls block and are fit for virtual threads. */
public interface ProcessLauncher extends AutoCloseable {
    /** What a launcher can promise beyond starting and waiting. What it lacks it does not do in secret, but says so here. */
    enum Capability {
        /**
         * Processes outlive the JVM and can be attached to. Without it only those of this launcher are; of another JVM's that is
         * gone nothing is killed, and the answer is {@link ExitStatus.Unknown}.
         */
        REATTACH,
        /**
         * A stop reaches every descendant, also those that left the process group or session, and a result is the proof that
         * none is left. Without it those are reached that can be found, and what outlives the main process may go on unseen,
         * its output unheard.
         */
        WHOLE_TREE,
        /** A signal is told apart from an exit code. Without it a death by signal reads as an exit with 128 and its number. */
        EXACT_STATUS,
        /** Deadlines fire without the JVM. */
        OWN_DEADLINE,
        /** Every {@link OutputPolicy} is kept to, also without the JVM; else only {@link OutputPolicy#TRUNCATE} is. */
        OUTPUT_POLICIES,
        /** Any text arrives as it was given, in the arguments and the environment; without it what cannot be said is refused. */
        ANY_TEXT,
        /** Every signal can be sent. Without it only SIGTERM and SIGKILL can. */
        ANY_SIGNAL,
        /**
         * A process starts with a group of its own and no terminal, with nothing of the JVM's: no descriptor, signal mask,
         * umask or core limit, and without the right to gain privileges unless it was asked for.
         */
        CLEAN_START,
        /** Results carry a {@link ResourceUsage}. */
        RESOURCE_USAGE
    }

    /** What {@link #attach} found. */
    sealed interface Attachment {
        /** It runs, and is followed from now on. */
        record Running(RunningProcess process) implements Attachment {}

        /** It has ended, by now or long ago. */
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

    /** What this launcher can promise; the same at every call. */
    Set<Capability> capabilities();

    /** Whom this launcher can run processes as, and how it keeps their {@link ResourceLimits}. */
    Isolation isolation();

    /** Lets go of all processes without stopping any. */
    @Override
    void close();
}
