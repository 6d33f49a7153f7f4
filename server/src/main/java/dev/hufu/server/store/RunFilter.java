package dev.hufu.server.store;

import dev.hufu.protocol.RunState;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which runs are asked for: those for which all that is given holds; null is any.
 *
 * @param node runs with a task there
 * @param labels every one of these, in order of name
 * @param since created at this time or later
 * @param until created before this time
 */
public record RunFilter(
        @Nullable RunState state,
        @Nullable String createdBy,
        @Nullable String node,
        Map<String, String> labels,
        @Nullable Instant since,
        @Nullable Instant until) {
    public static final RunFilter ALL = new RunFilter(null, null, null, Map.of(), null, null);

    public RunFilter {
        labels = Collections.unmodifiableMap(new TreeMap<>(labels));
    }
}
