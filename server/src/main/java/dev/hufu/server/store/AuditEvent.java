package dev.hufu.server.store;

import dev.hufu.server.audit.AuditAction;
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

    /** One that happens now; what is read again may be of another version, with actions that this one does not know. */
    public static AuditEvent of(
            Instant at, String actor, AuditAction action, String subject, Map<String, String> detail) {
        return new AuditEvent(at, actor, action.word(), subject, detail);
    }
}
