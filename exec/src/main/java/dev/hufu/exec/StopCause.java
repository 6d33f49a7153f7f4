package dev.hufu.exec;

/** Why a process tree was stopped; {@link #NONE} where it ended by itself. The ordinals are those of the launcher's protocol. */
public enum StopCause {
    NONE,
    DEADLINE,
    REQUESTED,
    OUTPUT,
    MEMORY,
    PIDS,
    SUPERVISOR_LOST
}
