package dev.hufu.exec;

/** What becomes of output beyond the limit. */
public enum OutputPolicy {
    /** The first bytes up to the limit are kept and the last 64 KiB; all are counted. */
    TRUNCATE,
    /** The tree is stopped, with cause {@link StopCause#OUTPUT}; what is kept is as with {@link #TRUNCATE}. */
    KILL,
    /**
     * The process waits for its reader, as on a pipe, while it has written the limit (at least 64 KiB) more than was
     * {@linkplain RunningProcess#consumed consumed}. Of each stream the last bytes are kept: as many as the limit and a few
     * MiB, so that a reader can resume a little behind what was consumed. A process that is being stopped waits no more.
     */
    BLOCK
}
