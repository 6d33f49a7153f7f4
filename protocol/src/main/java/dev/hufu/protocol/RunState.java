package dev.hufu.protocol;

/** The states of a run, which follow from those of its tasks. */
public enum RunState {
    PENDING(false),
    RUNNING(false),
    SUCCEEDED(true),
    FAILED(true),
    CANCELLED(true);

    private final boolean terminal;

    RunState(boolean terminal) {
        this.terminal = terminal;
    }

    public boolean terminal() {
        return terminal;
    }
}
