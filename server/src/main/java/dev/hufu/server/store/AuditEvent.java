package dev.hufu.server.store;

import java.time.Instant;
import java.util.Map;

/**
 * Something to be recorded in the audit log.
 *
 * @param actor who did it: a caller, {@code node:<name>} or {@code server}
 * @param action as in {@code run.submitted}
 * @param subject the id of what it was done to
 * @param detail further facts; never a secret, never output
 */
public record AuditEvent(Instant at, String actor, String action, String subject, Map<String, String> detail) {
    public AuditEvent {
        detail = Map.copyOf(detail);
    }
}
