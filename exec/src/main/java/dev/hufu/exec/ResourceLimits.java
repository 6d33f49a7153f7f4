package dev.hufu.exec;

import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a process tree may use. What each means exactly depends on how the launcher keeps it, see {@link Isolation}.
 *
 * @param memoryBytes memory, at least 1 MiB
 * @param cpus processors' worth of time, at least 0.01; 1.5 is one and a half
 * @param processes processes and threads at a time, at least 1
 * @param openFiles open descriptors of each process, at least 4
 */
public record ResourceLimits(
        OptionalLong memoryBytes, OptionalDouble cpus, OptionalInt processes, OptionalInt openFiles) {
    /** No limits. */
    public static final ResourceLimits NONE =
            new ResourceLimits(OptionalLong.empty(), OptionalDouble.empty(), OptionalInt.empty(), OptionalInt.empty());

    public static final long LEAST_MEMORY_BYTES = 1L << 20;
    public static final double LEAST_CPUS = 0.01;
    public static final double MOST_CPUS = 100_000;
    public static final int LEAST_PROCESSES = 1;

    /** Three, and one to load the program's libraries with. */
    public static final int LEAST_OPEN_FILES = 4;

    /** @throws IllegalArgumentException if a limit is below the least, or no number */
    public ResourceLimits {
        if (memoryBytes.orElse(LEAST_MEMORY_BYTES) < LEAST_MEMORY_BYTES) {
            throw new IllegalArgumentException("memory must be at least 1 MiB");
        }
        double share = cpus.orElse(1);
        if (!(share >= LEAST_CPUS && share <= MOST_CPUS)) {
            throw new IllegalArgumentException("cpus must be 0.01 to 100,000");
        }
        if (processes.orElse(LEAST_PROCESSES) < LEAST_PROCESSES) {
            throw new IllegalArgumentException("processes must be at least 1");
        }
        if (openFiles.orElse(LEAST_OPEN_FILES) < LEAST_OPEN_FILES) {
            throw new IllegalArgumentException("open files must be at least 4");
        }
    }

    /** Whether nothing is limited. */
    public boolean isNone() {
        return memoryBytes.isEmpty() && cpus.isEmpty() && processes.isEmpty() && openFiles.isEmpty();
    }

    /** This, with that much memory at most. */
    public ResourceLimits withMemoryBytes(long bytes) {
        return new ResourceLimits(OptionalLong.of(bytes), cpus, processes, openFiles);
    }

    /** This, with that many processors' worth of time at most. */
    public ResourceLimits withCpus(double count) {
        return new ResourceLimits(memoryBytes, OptionalDouble.of(count), processes, openFiles);
    }

    /** This, with that many processes and threads at most. */
    public ResourceLimits withProcesses(int count) {
        return new ResourceLimits(memoryBytes, cpus, OptionalInt.of(count), openFiles);
    }

    /** This, with that many open descriptors of each process at most. */
    public ResourceLimits withOpenFiles(int count) {
        return new ResourceLimits(memoryBytes, cpus, processes, OptionalInt.of(count));
    }
}
