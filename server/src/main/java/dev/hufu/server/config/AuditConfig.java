package dev.hufu.server.config;

/** The audit log. */
public record AuditConfig(CheckpointConfig checkpoint) {
    public static final AuditConfig DEFAULTS = new AuditConfig(CheckpointConfig.DEFAULTS);

    static AuditConfig of(ConfigSection section) {
        return new AuditConfig(CheckpointConfig.of(section.section("checkpoint")));
    }
}
