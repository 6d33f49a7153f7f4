package dev.hufu.protocol;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The processes of an attempt, as its agent found them at one moment.
 *
 * @param processes each after its parent, where that is one of them
 * @param truncated whether there are more
 */
public record ProcessList(Instant takenAt, List<Item> processes, boolean truncated) {
    public ProcessList {
        processes = List.copyOf(processes);
    }

    /**
     * One process.
     *
     * @param parent the id of its parent, which need not be of the list
     * @param argv may be cut, and may be empty
     * @param argvTruncated whether its arguments go on
     * @param residentBytes null where it has no memory any more
     * @param waitsOn the kernel's function in which it sleeps; null where it does not, or may not be asked
     * @param kernelStack the innermost first; null where it may not be asked
     */
    public record Item(
            long pid,
            long parent,
            String name,
            List<String> argv,
            boolean argvTruncated,
            State state,
            long userMs,
            long systemMs,
            @Nullable Long residentBytes,
            int threads,
            @Nullable String waitsOn,
            @Nullable List<String> kernelStack) {
        public Item {
            argv = List.copyOf(argv);
            kernelStack = kernelStack == null ? null : List.copyOf(kernelStack);
        }
    }

    /** What a process is doing. */
    public enum State {
        RUNNING,
        SLEEPING,
        UNINTERRUPTIBLE,
        STOPPED,
        TRACED,
        ZOMBIE,
        DEAD,
        OTHER
    }
}
