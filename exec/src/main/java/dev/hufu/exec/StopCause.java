package dev.hufu.exec;

/** Why a process tree was stopped; {@link #NONE} where it ended by itself. The ordinals are those of the launcher's protocol. */
public enum StopCause {
    /** Nothing stopped it. */
    NONE,
    /** Its timeout was over. */
    DEADLINE,
    /** Somebody asked for it. */
    REQUESTED,
    /** It wrote more than it may, see {@link OutputPolicy#KILL}. */
    OUTPUT,
    /** It used more memory than it may. */
    MEMORY,
    /** It had more processes than it may. */
    PIDS,
    /** What watched it was lost, and what it left was killed. */
    SUPERVISOR_LOST
}
