package dev.hufu.exec.internal.confine;

import dev.hufu.exec.Errno;
import dev.hufu.exec.ExitStatus.LaunchFailed;
import dev.hufu.exec.Isolation;
import dev.hufu.exec.Isolation.CgroupKind;
import dev.hufu.exec.Isolation.Mechanism;
import dev.hufu.exec.LaunchStage;
import dev.hufu.exec.LauncherConfig;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.ResourceLimits;
import dev.hufu.exec.internal.confine.Cgroups.Controller;
import java.io.IOException;

/** Decides by what means each attempt is held to its user and its limits, and refuses what there are no means for. */
public final class Confinement {
    /** There are no means for what was asked for. */
    public static final class NoMeansException extends Exception {
        NoMeansException(String what) {
            super("no means to limit " + what);
        }

        public LaunchFailed status() {
            return new LaunchFailed(Errno.EOPNOTSUPP, LaunchStage.LIMITS);
        }
    }

    /** What the launcher is told of one attempt; {@link #UNBOUNDED} where a limit is not kept by setrlimit. */
    public record Plan(GroupPlan groups, long data, long processes, long descriptors) {
        public static final Plan NONE = new Plan(GroupPlan.NONE, UNBOUNDED, UNBOUNDED, UNBOUNDED);
    }

    public static final long UNBOUNDED = -1;

    private final Cgroups cgroups;
    private final boolean groupForEach;
    private final boolean canChangeUser;

    private Confinement(Cgroups cgroups, boolean groupForEach, boolean canChangeUser) {
        this.cgroups = cgroups;
        this.groupForEach = groupForEach;
        this.canChangeUser = canChangeUser;
    }

    public static Confinement of(Cgroups cgroups, LauncherConfig config, long launcherPid) throws IOException {
        return new Confinement(cgroups, config.cgroupForEach(), Capabilities.canChangeUser(launcherPid));
    }

    public Isolation isolation() {
        return new Isolation(
                cgroups.kind(),
                cgroups.has(Controller.MEMORY) ? Mechanism.CGROUP : Mechanism.RLIMIT,
                cgroups.has(Controller.CPU) ? Mechanism.CGROUP : Mechanism.UNAVAILABLE,
                processes(),
                Mechanism.RLIMIT,
                canChangeUser);
    }

    /** By setrlimit the processes of a user are counted, so it takes a user other than the agent's own. */
    private Mechanism processes() {
        if (cgroups.has(Controller.PIDS)) {
            return Mechanism.CGROUP;
        }
        return canChangeUser ? Mechanism.RLIMIT : Mechanism.UNAVAILABLE;
    }

    public Plan plan(ProcessSpec spec, String name) throws NoMeansException {
        ResourceLimits limits = spec.limits();
        Isolation means = isolation();
        requireMeans(limits.memoryBytes().isPresent(), means.memory(), "memory");
        requireMeans(limits.cpus().isPresent(), means.cpu(), "cpu");
        requireMeans(limits.processes().isPresent(), means.processes(), "processes");
        requireMeans(limits.openFiles().isPresent(), means.openFiles(), "open files");
        return new Plan(
                wantsGroup(spec, means) ? cgroups.plan(name, limits) : GroupPlan.NONE,
                means.memory() == Mechanism.RLIMIT ? limits.memoryBytes().orElse(UNBOUNDED) : UNBOUNDED,
                means.processes() == Mechanism.RLIMIT ? limits.processes().orElse((int) UNBOUNDED) : UNBOUNDED,
                limits.openFiles().orElse((int) UNBOUNDED));
    }

    /** A group costs as much as a start: it is for limits, and for processes that signals might not reach. */
    private boolean wantsGroup(ProcessSpec spec, Isolation means) {
        ResourceLimits limits = spec.limits();
        boolean limited = (limits.memoryBytes().isPresent() && means.memory() == Mechanism.CGROUP)
                || (limits.processes().isPresent() && means.processes() == Mechanism.CGROUP)
                || limits.cpus().isPresent();
        return cgroups.kind() != CgroupKind.NONE
                && (groupForEach || limited || spec.user() != null || spec.allowPrivilegeGain());
    }

    private static void requireMeans(boolean wanted, Mechanism mechanism, String what) throws NoMeansException {
        if (wanted && mechanism == Mechanism.UNAVAILABLE) {
            throw new NoMeansException(what);
        }
    }
}
