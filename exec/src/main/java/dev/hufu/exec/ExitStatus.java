package dev.hufu.exec;

/** How the main process of an attempt ended. */
public sealed interface ExitStatus {
    /**
     * It called exit.
     *
     * @param code 0 to 255
     */
    record Exited(int code) implements ExitStatus {}

    /**
     * A signal ended it; {@code exit 137} is not this.
     *
     * @param signal the signal's number, as in {@code signal(7)}
     */
    record Signaled(int signal, boolean coreDumped) implements ExitStatus {}

    /**
     * It was never started.
     *
     * @param errno the system's error number, as in {@code errno(3)}
     * @param stage what was being done when it failed
     */
    record LaunchFailed(int errno, LaunchStage stage) implements ExitStatus {}

    /** Nobody can tell: the record is missing or damaged, or the supervisor was lost. */
    record Unknown(Why why) implements ExitStatus {
        /** What is missing to know it. */
        public enum Why {
            /** What watched it has ended without recording how it ended. */
            SUPERVISOR_LOST,
            /** The record is cut, or is not what was written. */
            RECORD_DAMAGED
        }
    }
}
