package dev.hufu.exec;

/**
 * What a launcher can hold a process to on this machine. A launch that asks for what is not there fails, at
 * {@link LaunchStage#LIMITS} or {@link LaunchStage#USER}; nothing that was asked for is left out in silence.
 *
 * @param memory how {@link ResourceLimits#memoryBytes} is kept
 * @param cpu how {@link ResourceLimits#cpus} is kept
 * @param processes how {@link ResourceLimits#processes} is kept
 * @param openFiles how {@link ResourceLimits#openFiles} is kept
 * @param canChangeUser whether a process can run as a user other than the launcher's own
 */
public record Isolation(
        CgroupKind cgroups,
        Mechanism memory,
        Mechanism cpu,
        Mechanism processes,
        Mechanism openFiles,
        boolean canChangeUser) {
    /** A launcher that can hold a process to nothing. */
    public static final Isolation NONE = new Isolation(
            CgroupKind.NONE,
            Mechanism.UNAVAILABLE,
            Mechanism.UNAVAILABLE,
            Mechanism.UNAVAILABLE,
            Mechanism.UNAVAILABLE,
            false);

    /** The control groups this launcher may make groups in. */
    public enum CgroupKind {
        /** Version 2, where a group has limits. */
        V2_CONTROLLERS,
        /** Version 2, where a group can be killed and has no limits. */
        V2_CORE,
        /** Version 1. */
        V1,
        /** No groups. */
        NONE
    }

    /** How a limit is kept. */
    public enum Mechanism {
        /** By a control group: for the whole tree together, and passing it is told from other ends. */
        CGROUP,
        /** By {@code setrlimit(2)}: for each process or its user, and passing it is an error the process sees. */
        RLIMIT,
        /** Not at all: a launch that asks for it fails. */
        UNAVAILABLE
    }
}
