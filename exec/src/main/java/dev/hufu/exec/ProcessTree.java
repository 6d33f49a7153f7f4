package dev.hufu.exec;

import java.time.Instant;
import java.util.List;

/**
 * The processes of an attempt as they were found at one moment: the main process, what descends from it, and what was left
 * behind by those that have ended.
 *
 * @param processes each after its parent, where that is one of them
 * @param truncated whether there are more
 */
public record ProcessTree(Instant takenAt, List<ProcessInfo> processes, boolean truncated) {
    /** Keeps a copy of the list. */
    public ProcessTree {
        processes = List.copyOf(processes);
    }
}
