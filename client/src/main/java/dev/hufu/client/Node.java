package dev.hufu.client;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A machine that runs tasks, as the server knows it.
 *
 * @param state {@code ONLINE}, {@code OFFLINE} or {@code DRAINING}
 * @param labels what operators said of it
 * @param facts what its agent found out, each as text
 * @param running tasks on it now
 * @param capacity tasks at most
 */
public record Node(
        String name,
        String state,
        Map<String, String> labels,
        Map<String, String> facts,
        @Nullable String agentVersion,
        long running,
        long capacity,
        @Nullable Instant lastSeenAt) {
    public Node {
        labels = Map.copyOf(labels);
        facts = Map.copyOf(facts);
    }
}
