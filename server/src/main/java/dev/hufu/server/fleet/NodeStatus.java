package dev.hufu.server.fleet;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A node as it is known now; of one that is not connected, as it was when it last greeted.
 *
 * @param facts what its agent says of its machine, in order of name
 * @param agentVersion null before it ever greeted
 * @param capacity how many attempts it takes at once; null before it ever greeted
 * @param lastSeenAt when its agent was last heard; null before that
 */
public record NodeStatus(
        String name,
        boolean online,
        Map<String, String> facts,
        @Nullable String agentVersion,
        @Nullable Integer capacity,
        @Nullable Instant lastSeenAt) {
    public NodeStatus {
        facts = Collections.unmodifiableMap(new TreeMap<>(facts));
    }
}
