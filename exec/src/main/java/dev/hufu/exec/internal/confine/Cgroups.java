package dev.hufu.exec.internal.confine;

import dev.hufu.exec.Isolation.CgroupKind;
import dev.hufu.exec.ResourceLimits;
import dev.hufu.exec.StopCause;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * The control groups in which attempts can be given groups of their own, found out by trying. Where version 2 wants it, this
 * process moves into a group of its own, since a group with limits for others may hold no process.
 */
public final class Cgroups {
    /** A kind of limit that groups can have. */
    public enum Controller {
        MEMORY("memory", "memory.limit_in_bytes"),
        PIDS("pids", "pids.max"),
        CPU("cpu", "cpu.cfs_quota_us");

        private final String word;
        private final String v1File;

        Controller(String word, String v1File) {
            this.word = word;
            this.v1File = v1File;
        }
    }

    private static final String PREFIX = "hufu-";
    private static final String OWN_LEAF = "hufu-agent";
    static final long NOT_TO_BE_MOVED = 0;
    private static final int PERIOD_MICROS = 100_000;

    private final CgroupKind kind;
    private final Path killBase;
    private final Map<Controller, Path> bases;

    private Cgroups(CgroupKind kind, Path killBase, Map<Controller, Path> bases) {
        this.kind = kind;
        this.killBase = killBase;
        this.bases = bases;
    }

    /**
     * @param wanted the kind to use; empty for the one that offers most
     * @throws IOException if the wanted kind is not there
     */
    public static Cgroups detect(Optional<CgroupKind> wanted) throws IOException {
        // A service manager could not start its service again in a group that was made ready for groups inside: there
        // it is the
        // manager who puts this process into a leaf.
        boolean mayMove = System.getenv("INVOCATION_ID") == null;
        return detect(
                wanted, CgroupMounts.read(), mayMove ? ProcessHandle.current().pid() : NOT_TO_BE_MOVED);
    }

    static Cgroups detect(Optional<CgroupKind> wanted, CgroupMounts mounts, long ownPid) throws IOException {
        if (wanted.isPresent()) {
            CgroupKind kind = wanted.get();
            return tryKind(kind, mounts, ownPid)
                    .orElseThrow(() -> new IOException("no control groups of kind " + kind + " can be used here"));
        }
        Optional<Cgroups> best = tryKind(CgroupKind.V2_CONTROLLERS, mounts, ownPid);
        if (best.isEmpty()) {
            Optional<Cgroups> old = tryKind(CgroupKind.V1, mounts, ownPid);
            // Of two hierarchies that are both half there, the one with limits has more to offer.
            best = old.filter(found -> !found.bases.isEmpty())
                    .or(() -> tryKind(CgroupKind.V2_CORE, mounts, ownPid))
                    .or(() -> old);
        }
        return best.orElseGet(Cgroups::none);
    }

    private static Cgroups none() {
        return new Cgroups(CgroupKind.NONE, Path.of("/"), Map.of());
    }

    private static Optional<Cgroups> tryKind(CgroupKind kind, CgroupMounts mounts, long ownPid) {
        return switch (kind) {
            case V2_CONTROLLERS -> v2Base(mounts).flatMap(base -> withControllers(base, ownPid));
            case V2_CORE -> v2Base(mounts).map(base -> new Cgroups(CgroupKind.V2_CORE, base, Map.of()));
            case V1 -> v1(mounts);
            case NONE -> Optional.of(none());
        };
    }

    private static Optional<Path> v2Base(CgroupMounts mounts) {
        return mounts.v2()
                .map(own -> own.endsWith(OWN_LEAF) ? own.getParent() : own)
                .filter(base -> canMakeGroups(base, "cgroup.kill"));
    }

    private static Optional<Cgroups> withControllers(Path base, long ownPid) {
        Map<Controller, Path> enabled = enable(base);
        if (enabled.isEmpty() && moveToLeaf(base, ownPid)) {
            enabled = enable(base);
        }
        return enabled.isEmpty()
                ? Optional.empty()
                : Optional.of(new Cgroups(CgroupKind.V2_CONTROLLERS, base, enabled));
    }

    private static Map<Controller, Path> enable(Path base) {
        Map<Controller, Path> enabled = new EnumMap<>(Controller.class);
        List<String> offered = words(base.resolve("cgroup.controllers"));
        for (Controller controller : Controller.values()) {
            if (!offered.contains(controller.word)) {
                continue;
            }
            Path switches = base.resolve("cgroup.subtree_control");
            if (words(switches).contains(controller.word) || write(switches, "+" + controller.word)) {
                enabled.put(controller, base);
            }
        }
        return enabled;
    }

    /** Only where nobody else is in the group: strangers are not moved about. */
    private static boolean moveToLeaf(Path base, long ownPid) {
        boolean offersLimits = words(base.resolve("cgroup.controllers")).stream()
                .anyMatch(word -> List.of("memory", "pids", "cpu").contains(word));
        if (!offersLimits
                || ownPid == NOT_TO_BE_MOVED
                || !words(base.resolve("cgroup.procs")).equals(List.of(Long.toString(ownPid)))) {
            return false;
        }
        Path leaf = base.resolve(OWN_LEAF);
        try {
            if (!Files.isDirectory(leaf, LinkOption.NOFOLLOW_LINKS)) {
                Files.createDirectory(leaf);
            }
        } catch (IOException e) {
            return false;
        }
        return write(leaf.resolve("cgroup.procs"), Long.toString(ownPid));
    }

    private static Optional<Cgroups> v1(CgroupMounts mounts) {
        Optional<Path> freezer = mounts.v1("freezer").filter(base -> canMakeGroups(base, "freezer.state"));
        if (freezer.isEmpty()) {
            return Optional.empty();
        }
        Map<Controller, Path> bases = new EnumMap<>(Controller.class);
        for (Controller controller : Controller.values()) {
            mounts.v1(controller.word)
                    .filter(base -> canMakeGroups(base, controller.v1File))
                    .ifPresent(base -> bases.put(controller, base));
        }
        return Optional.of(new Cgroups(CgroupKind.V1, freezer.get(), bases));
    }

    private static boolean canMakeGroups(Path base, String file) {
        Path probe = base.resolve(PREFIX + "probe-" + Long.toHexString(new SplittableRandom().nextLong()));
        try {
            Files.createDirectory(probe);
        } catch (IOException e) {
            return false;
        }
        boolean complete = Files.isWritable(probe.resolve(file));
        try {
            Files.delete(probe);
        } catch (IOException e) {
            return false;
        }
        return complete;
    }

    private static List<String> words(Path file) {
        try {
            return List.of(Files.readString(file).trim().split("\\s+", -1));
        } catch (IOException e) {
            return List.of();
        }
    }

    private static boolean write(Path file, String value) {
        try {
            Files.writeString(file, value, StandardOpenOption.WRITE);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    public CgroupKind kind() {
        return kind;
    }

    public boolean has(Controller controller) {
        return bases.containsKey(controller);
    }

    /** The groups of one attempt; the caller has made sure that there are controllers for its limits. */
    public GroupPlan plan(String name, ResourceLimits limits) {
        List<String> directories = new ArrayList<>();
        List<GroupPlan.Setting> settings = new ArrayList<>();
        List<GroupPlan.Event> events = new ArrayList<>();
        directories.add(group(killBase, name));
        boolean v1 = kind == CgroupKind.V1;
        if (limits.memoryBytes().isPresent() && has(Controller.MEMORY)) {
            String group = directory(Controller.MEMORY, name, directories);
            String bytes = Long.toString(limits.memoryBytes().getAsLong());
            settings.add(needed(group, v1 ? "memory.limit_in_bytes" : "memory.max", bytes));
            // Without swap there is nothing to bound, and no such file.
            settings.add(wanted(group, v1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max", v1 ? bytes : "0"));
            events.add(event(StopCause.MEMORY, group, v1 ? "memory.oom_control" : "memory.events", "oom_kill"));
        }
        if (limits.processes().isPresent() && has(Controller.PIDS)) {
            String group = directory(Controller.PIDS, name, directories);
            settings.add(needed(
                    group, "pids.max", Integer.toString(limits.processes().getAsInt())));
            events.add(event(StopCause.PIDS, group, "pids.events", "max"));
        }
        if (limits.cpus().isPresent() && has(Controller.CPU)) {
            String group = directory(Controller.CPU, name, directories);
            long quota = Math.round(limits.cpus().getAsDouble() * PERIOD_MICROS);
            if (v1) {
                settings.add(needed(group, "cpu.cfs_period_us", Integer.toString(PERIOD_MICROS)));
                settings.add(needed(group, "cpu.cfs_quota_us", Long.toString(quota)));
            } else {
                settings.add(needed(group, "cpu.max", quota + " " + PERIOD_MICROS));
            }
        }
        return new GroupPlan(new GroupPlan.Names(v1 ? 1 : 2, directories), settings, events);
    }

    private String directory(Controller controller, String name, List<String> directories) {
        Path base = bases.get(controller);
        if (base == null) {
            throw new IllegalStateException("no groups for " + controller);
        }
        String group = group(base, name);
        if (!directories.contains(group)) {
            directories.add(group);
        }
        return group;
    }

    private static String group(Path base, String name) {
        return base.resolve(PREFIX + name).toString();
    }

    private static GroupPlan.Setting needed(String group, String file, String value) {
        return new GroupPlan.Setting(true, group + "/" + file, value);
    }

    private static GroupPlan.Setting wanted(String group, String file, String value) {
        return new GroupPlan.Setting(false, group + "/" + file, value);
    }

    private static GroupPlan.Event event(StopCause cause, String group, String file, String key) {
        return new GroupPlan.Event(cause, group + "/" + file, key);
    }
}
