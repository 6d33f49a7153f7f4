package dev.hufu.server.config;

import dev.hufu.protocol.RunSpec.Resources;
import org.jspecify.annotations.Nullable;

/** Limits of what a run's processes may use, as a section of the file has them; nothing where it is silent. */
final class ResourceConfig {
    private static final long MOST_MEMORY = 1L << 50;
    private static final int MOST_PIDS = 4_194_304;
    private static final int MOST_FILES = 1 << 30;

    private ResourceConfig() {}

    static Resources of(ConfigSection section) {
        return new Resources(
                known(section.size("memory", 0, Resources.LEAST_MEMORY, MOST_MEMORY)),
                section.decimal("cpu", Resources.LEAST_CPU, Resources.MOST_CPU).orElse(null),
                count(section.number("pids", 0, Resources.LEAST_PIDS, MOST_PIDS)),
                count(section.number("files", 0, Resources.LEAST_FILES, MOST_FILES)));
    }

    private static @Nullable Long known(long size) {
        return size == 0 ? null : size;
    }

    private static @Nullable Integer count(long number) {
        return number == 0 ? null : (int) number;
    }

    /** A default must not be beyond what any run may have. */
    static void refuseAbove(ConfigSection section, Resources defaults, Resources largest) {
        refuse(section, "memory", defaults.memory(), largest.memory());
        refuse(section, "cpu", defaults.cpu(), largest.cpu());
        refuse(section, "pids", defaults.pids(), largest.pids());
        refuse(section, "files", defaults.files(), largest.files());
    }

    private static void refuse(ConfigSection section, String key, @Nullable Number value, @Nullable Number most) {
        if (value != null && most != null && value.doubleValue() > most.doubleValue()) {
            section.wrong(key, "is more than execution.largestLimits." + key);
        }
    }
}
