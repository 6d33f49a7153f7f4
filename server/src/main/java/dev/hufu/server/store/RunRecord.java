package dev.hufu.server.store;

import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.RunState;
import dev.hufu.protocol.TaskState;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A run as stored: what was ordered, by whom, and how far it has come. */
public record RunRecord(RunId id, RunSpec spec, Origin origin, Progress progress) {
    /**
     * Where a run comes from.
     *
     * @param traceId 32 hexadecimal digits
     * @param traceparent the W3C trace context its processes continue
     */
    public record Origin(
            Instant createdAt, String createdBy, @Nullable RunId retryOf, String traceId, String traceparent) {}

    /**
     * What changes of a run.
     *
     * @param counts of its tasks by state, every state present
     */
    public record Progress(
            RunState state,
            @Nullable Instant startedAt,
            @Nullable Instant finishedAt,
            @Nullable Instant cancelRequestedAt,
            Map<TaskState, Integer> counts) {
        public Progress {
            Map<TaskState, Integer> all = new EnumMap<>(TaskState.class);
            for (TaskState each : TaskState.values()) {
                all.put(each, counts.getOrDefault(each, 0));
            }
            counts = Collections.unmodifiableMap(all);
        }

        public static Progress pending(int tasks) {
            return new Progress(RunState.PENDING, null, null, null, Map.of(TaskState.PENDING, tasks));
        }

        public int count(TaskState state) {
            return counts.getOrDefault(state, 0);
        }
    }

    public RunRecord with(Progress next) {
        return new RunRecord(id, spec, origin, next);
    }
}
