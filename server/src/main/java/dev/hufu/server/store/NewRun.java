package dev.hufu.server.store;

import dev.hufu.protocol.Bytes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A run to be inserted, with its tasks, all {@code PENDING}. */
public record NewRun(
        RunRecord run, List<TaskRecord> tasks, @Nullable Idempotency idempotency, AuditEvent audit) {
    public NewRun {
        tasks = List.copyOf(tasks);
    }

    /**
     * What is remembered of a request with an Idempotency-Key.
     *
     * @param caller the key's scope, with {@code key}
     * @param fingerprint of the canonical request, hexadecimal
     * @param firstAnswer the body of the first answer
     */
    public record Idempotency(String caller, String key, String fingerprint, Bytes firstAnswer) {}
}
