package dev.hufu.server.output;

import dev.hufu.protocol.AttemptId;

/** Hears how far a reader is, of attempts whose process waits for its reader. Of several readers the furthest counts. */
@FunctionalInterface
public interface ReaderProgress {
    /** A reader has everything up to these positions. Returns at once; what is older than was said before changes nothing. */
    void read(String node, AttemptId attempt, long stdout, long stderr);
}
