package dev.hufu.server.audit;

/** Every kind of entry in the audit log. A name, once it was recorded, keeps its meaning; {@code docs/audit.md} has each. */
public enum AuditAction {
    SERVER_STARTED("server.started"),
    SERVER_STOPPED("server.stopped"),
    CONFIG_CHANGED("config.changed"),
    LOGIN_FAILED("login.failed"),
    ACCESS_REFUSED("access.refused"),
    RUN_SUBMITTED("run.submitted"),
    RUN_REFUSED("run.refused"),
    RUN_CANCEL_REQUESTED("run.cancel-requested"),
    RUN_CANCEL_HASTENED("run.cancel-hastened"),
    TASK_CHANGED("task.changed"),
    TASK_MENDED("task.mended"),
    TASK_SIGNAL_REQUESTED("task.signal-requested");

    private final String word;

    AuditAction(String word) {
        this.word = word;
    }

    /** As it stands in the log. */
    public String word() {
        return word;
    }
}
