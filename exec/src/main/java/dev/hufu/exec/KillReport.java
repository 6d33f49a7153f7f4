package dev.hufu.exec;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What it took to stop a process tree, and the proof that nothing of it is left.
 *
 * @param duration from the first signal to the proof
 */
public record KillReport(StopCause cause, Proof proof, List<Step> steps, Duration duration) {
    /** Keeps a copy of the steps. */
    public KillReport {
        steps = List.copyOf(steps);
    }

    /** Why nothing of the tree can be left. */
    public enum Proof {
        /** Its control group is empty. */
        CGROUP,
        /** The kernel answered that there is no child any more (source: {@code wait(2)}, ECHILD). */
        NO_CHILDREN,
        /** None: every process that was found has ended; one that was not found may go on. */
        WHAT_WAS_FOUND
    }

    /**
     * One round of signals.
     *
     * @param signal its number
     * @param signalled how many processes it was sent to
     * @param survivors how many were still there at the end of the round
     */
    public record Step(int signal, Instant at, int signalled, int survivors) {}
}
