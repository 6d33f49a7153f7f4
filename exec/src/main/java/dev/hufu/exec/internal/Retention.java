package dev.hufu.exec.internal;

import dev.hufu.exec.OutputPolicy;

/**
 * What an attempt file keeps of each stream.
 *
 * @param limit bytes that are kept, or are read ahead of a reader
 */
record Retention(long limit, OutputPolicy policy) {
    static final Retention NOTHING = new Retention(0, OutputPolicy.TRUNCATE);

    /** Whether a stream's bytes lie in one ring, rather than a head and a ring for the end. */
    boolean isRing() {
        return policy == OutputPolicy.BLOCK;
    }

    /** How much of the file each stream's region takes. */
    long regionSize() {
        return isRing() ? Math.addExact(limit, Protocol.HISTORY) : limit;
    }

    /** How many of a stream's last bytes are sure not to be overwritten while its writer is ahead of its counter. */
    long lastKept() {
        return isRing() ? regionSize() - Protocol.WRITTEN_AHEAD : Protocol.TAIL_KEPT;
    }

    /** Whether bytes are missing of a stream of that length. */
    boolean truncates(long written) {
        return written > (isRing() ? 0 : limit) + lastKept();
    }
}
