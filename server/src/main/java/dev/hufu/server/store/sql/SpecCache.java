package dev.hufu.server.store.sql;

import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunSpec;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What recent runs were ordered to do, so that a state change need not decode it again; it never changes. Bounded by
 * number and by size of entry. Used by the writer's thread only.
 */
final class SpecCache {
    private static final int MAXIMUM_ENTRIES = 4_096;
    private static final int MAXIMUM_CHARACTERS = 2_048;

    private final Map<RunId, RunSpec> entries = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<RunId, RunSpec> eldest) {
            return size() > MAXIMUM_ENTRIES;
        }
    };

    @Nullable
    RunSpec get(RunId id) {
        return entries.get(id);
    }

    void put(RunId id, RunSpec spec, int characters) {
        if (characters <= MAXIMUM_CHARACTERS) {
            entries.put(id, spec);
        }
    }
}
