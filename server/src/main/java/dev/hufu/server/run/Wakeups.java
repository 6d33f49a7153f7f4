package dev.hufu.server.run;

import dev.hufu.protocol.AttemptId;
import java.time.Duration;

/** What this package needs from those above it: somebody to hear that there is work, and to reach agents. */
public interface Wakeups {
    /** There may be a pending task. Returns at once. */
    void workPending();

    /** Tells the node to stop an attempt. Returns at once; a message that is lost is sent again when the node reports. */
    void stop(String node, AttemptId attempt, Duration grace);
}
