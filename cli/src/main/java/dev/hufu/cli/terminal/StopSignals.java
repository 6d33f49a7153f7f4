package dev.hufu.cli.terminal;

/** Where the wish to stop comes from. */
public interface StopSignals {
    /** From now on {@code action} is called for each INT, TERM and HUP, on a thread of its own, in place of ending the process. */
    void listen(Runnable action);
}
