package dev.hufu.protocol;

/** The states of a task. A terminal one is never left, but that a late true report mends {@link #LOST} once. */
public enum TaskState {
    /** Accepted, waiting for a slot. */
    PENDING(false),
    /** Leased to an attempt; the agent has not yet reported its start. */
    DISPATCHED(false),
    /** The process was started. */
    RUNNING(false),
    /** Between two attempts. */
    RETRYING(false),
    /** Exit code 0. */
    SUCCEEDED(true),
    /** Ended in any other way of its own, or could not be started. */
    FAILED(true),
    /** Stopped at its timeout, provably. */
    TIMED_OUT(true),
    /** Stopped, or kept from starting, at a caller's request, provably. */
    CANCELLED(true),
    /** Not started in time. */
    EXPIRED(true),
    /** Outcome unknown, and it may not be run again. */
    LOST(true);

    private final boolean terminal;

    TaskState(boolean terminal) {
        this.terminal = terminal;
    }

    public boolean terminal() {
        return terminal;
    }
}
