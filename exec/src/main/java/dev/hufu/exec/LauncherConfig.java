package dev.hufu.exec;

import dev.hufu.exec.Isolation.CgroupKind;
import dev.hufu.exec.internal.confine.Capabilities;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * How the native launcher is run.
 *
 * @param runDirectory where its sockets live; made if missing, must be the user's own with mode 0700, and so short that a
 *     socket's path stays below 107 bytes. Empty: {@code $XDG_RUNTIME_DIR/hufu}, else {@code /tmp/hufu-<uid>}
 * @param log the file its error output is appended to, made 0600 if missing; empty to discard it
 * @param maxIdleSupervisors how many idle supervisor processes are kept for reuse, 0 to 1,000
 * @param keepCapabilities what processes may have of the launcher's own capabilities, such as {@code CAP_NET_RAW}, or
 *     {@code ALL}; a process that runs as root can do with it, others only through set-user-id programs
 * @param cgroups the control groups to use, and the start fails where they are not there; empty for those that offer most
 * @param cgroupForEach whether each process gets a group; else those with limits that need one, of another user or with
 *     {@link ProcessSpec#allowPrivilegeGain}
 * @param startsAtOnce how many processes start at once ({@link StartGate}), 0 for as many as are launched
 */
public record LauncherConfig(
        Optional<Path> runDirectory,
        Optional<Path> log,
        int maxIdleSupervisors,
        Set<String> keepCapabilities,
        Optional<CgroupKind> cgroups,
        boolean cgroupForEach,
        int startsAtOnce) {
    /** How many idle supervisors are kept where nothing else is said. */
    public static final int DEFAULT_MAX_IDLE_SUPERVISORS = 8;

    /** @throws IllegalArgumentException if the number of idle supervisors is out of range, or a capability has no such name */
    public LauncherConfig {
        if (maxIdleSupervisors < 0 || maxIdleSupervisors > 1_000) {
            throw new IllegalArgumentException("maxIdleSupervisors must be 0 to 1000, not " + maxIdleSupervisors);
        }
        if (startsAtOnce < 0) {
            throw new IllegalArgumentException("startsAtOnce must not be negative, but is " + startsAtOnce);
        }
        keepCapabilities = Set.copyOf(new HashSet<>(keepCapabilities));
        Capabilities.bits(keepCapabilities);
    }

    /** The user's run directory, no log, {@link #DEFAULT_MAX_IDLE_SUPERVISORS}, two starts at once for each processor. */
    public static LauncherConfig defaults() {
        return new LauncherConfig(
                Optional.empty(),
                Optional.empty(),
                DEFAULT_MAX_IDLE_SUPERVISORS,
                Set.of(),
                Optional.empty(),
                false,
                2 * Runtime.getRuntime().availableProcessors());
    }

    /** This, with another directory for the sockets. */
    public LauncherConfig withRunDirectory(Path directory) {
        return new LauncherConfig(
                Optional.of(directory),
                log,
                maxIdleSupervisors,
                keepCapabilities,
                cgroups,
                cgroupForEach,
                startsAtOnce);
    }

    /** This, with a file for what the launcher says on its error output. */
    public LauncherConfig withLog(Path file) {
        return new LauncherConfig(
                runDirectory,
                Optional.of(file),
                maxIdleSupervisors,
                keepCapabilities,
                cgroups,
                cgroupForEach,
                startsAtOnce);
    }

    /** This, with another number of idle supervisors. */
    public LauncherConfig withMaxIdleSupervisors(int count) {
        return new LauncherConfig(runDirectory, log, count, keepCapabilities, cgroups, cgroupForEach, startsAtOnce);
    }

    /** This, with capabilities that processes may keep. */
    public LauncherConfig withKeepCapabilities(Set<String> names) {
        return new LauncherConfig(runDirectory, log, maxIdleSupervisors, names, cgroups, cgroupForEach, startsAtOnce);
    }

    /** This, held to one kind of control groups. */
    public LauncherConfig withCgroups(CgroupKind kind) {
        return new LauncherConfig(
                runDirectory,
                log,
                maxIdleSupervisors,
                keepCapabilities,
                Optional.of(kind),
                cgroupForEach,
                startsAtOnce);
    }

    /** This, with or without a group for each process. */
    public LauncherConfig withCgroupForEach(boolean forEach) {
        return new LauncherConfig(
                runDirectory, log, maxIdleSupervisors, keepCapabilities, cgroups, forEach, startsAtOnce);
    }

    /** This, with another number of starts at once; 0 for as many as are launched. */
    public LauncherConfig withStartsAtOnce(int count) {
        return new LauncherConfig(
                runDirectory, log, maxIdleSupervisors, keepCapabilities, cgroups, cgroupForEach, count);
    }
}
