package dev.hufu.exec.internal.confine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** This process's own directories in the control group hierarchies that are mounted. */
final class CgroupMounts {
    private static final String V2 = "";
    private static final Set<String> V1_CONTROLLERS = Set.of("freezer", "memory", "pids", "cpu");

    private final Map<String, Path> ownDirectories;

    private CgroupMounts(Map<String, Path> ownDirectories) {
        this.ownDirectories = ownDirectories;
    }

    static CgroupMounts read() throws IOException {
        return parse(
                Files.readAllLines(Path.of("/proc/self/mountinfo")), Files.readAllLines(Path.of("/proc/self/cgroup")));
    }

    /** The two files as {@code proc(5)} has them. */
    static CgroupMounts parse(List<String> mountinfo, List<String> cgroup) {
        Map<String, String> ownPaths = new HashMap<>();
        for (String line : cgroup) {
            String[] parts = line.split(":", 3);
            if (parts.length == 3) {
                Arrays.stream(parts[1].split(",", -1)).forEach(controller -> ownPaths.put(controller, parts[2]));
            }
        }
        Map<String, Path> directories = new HashMap<>();
        for (String line : mountinfo) {
            int separator = line.indexOf(" - ");
            String[] mount = line.substring(0, Math.max(separator, 0)).split(" ", -1);
            String[] kind = line.substring(separator + 3).split(" ", -1);
            if (separator < 0 || mount.length < 6 || kind.length < 3) {
                continue;
            }
            for (String controller : controllers(kind[0], kind[2])) {
                String own = ownPaths.get(controller);
                if (own != null) {
                    below(unescape(mount[4]), unescape(mount[3]), own)
                            .ifPresent(directory -> directories.putIfAbsent(controller, directory));
                }
            }
        }
        return new CgroupMounts(directories);
    }

    private static List<String> controllers(String fileSystem, String options) {
        return switch (fileSystem) {
            case "cgroup2" -> List.of(V2);
            case "cgroup" ->
                Arrays.stream(options.split(",", -1))
                        .filter(V1_CONTROLLERS::contains)
                        .toList();
            default -> List.of();
        };
    }

    /** A mount may show only a part of its hierarchy, as in a container. */
    private static Optional<Path> below(String mountPoint, String root, String own) {
        String shown = root.equals("/") ? "" : root;
        if (own.contains("/..") || !(own + "/").startsWith(shown + "/")) {
            return Optional.empty();
        }
        return Optional.of(Path.of(mountPoint + own.substring(shown.length())));
    }

    private static String unescape(String field) {
        return field.replace("\\040", " ")
                .replace("\\011", "\t")
                .replace("\\012", "\n")
                .replace("\\134", "\\");
    }

    Optional<Path> v2() {
        return Optional.ofNullable(ownDirectories.get(V2));
    }

    Optional<Path> v1(String controller) {
        return Optional.ofNullable(ownDirectories.get(controller));
    }
}
