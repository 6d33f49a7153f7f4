package dev.hufu.server.fleet;

import dev.hufu.protocol.AttemptId;

/** Hears what changes of nodes and their attempts. Calls return at once. */
public interface NodeListener {
    /** The node said hello and agrees with the store: it can be given work. */
    void nodeReady(String node);

    /** The agent has the attempt: it need not be offered again. */
    void accepted(String node, AttemptId attempt);

    /** The attempt takes no slot of its node any more. */
    void slotFreed(String node, AttemptId attempt);
}
