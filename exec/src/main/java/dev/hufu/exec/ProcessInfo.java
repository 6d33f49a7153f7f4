package dev.hufu.exec;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One process, as the kernel tells of it (source: {@code proc(5)}).
 *
 * @param parent the id of its parent; that of the attempt's supervisor for the main process and for orphans
 * @param name at most 15 bytes, of the program or set by it
 * @param argv what is kept of its arguments, which it may have overwritten; empty for a zombie
 * @param argvTruncated whether its arguments go on
 * @param user CPU time outside of the kernel, in steps of 10 ms
 * @param system CPU time within the kernel, in steps of 10 ms; where only the sum is known, that is {@code user}
 * @param residentBytes memory that it has in RAM; null where it has none any more
 * @param threads 0 where nobody tells
 * @param waitsOn the kernel's function in which its main thread sleeps; null where it runs, or may not be asked
 * @param kernelStack of its main thread, the innermost first; null where it may not be asked: only root may
 */
public record ProcessInfo(
        long pid,
        long parent,
        String name,
        List<String> argv,
        boolean argvTruncated,
        State state,
        Duration user,
        Duration system,
        @Nullable Long residentBytes,
        int threads,
        @Nullable String waitsOn,
        @Nullable List<String> kernelStack) {
    /** Keeps copies of both lists. */
    public ProcessInfo {
        argv = List.copyOf(argv);
        kernelStack = kernelStack == null ? null : List.copyOf(kernelStack);
    }

    /** What a process is doing. */
    public enum State {
        /** On a processor, or waiting for one. */
        RUNNING,
        /** Waiting for something, and a signal wakes it. */
        SLEEPING,
        /** Waiting for something, mostly a disk; not even KILL ends it before that has come. */
        UNINTERRUPTIBLE,
        /** By a signal, until it is continued. */
        STOPPED,
        /** By a debugger. */
        TRACED,
        /** Ended; its parent has not asked how. */
        ZOMBIE,
        /** On its way out. */
        DEAD,
        /** Something that only kernels of other versions know, or that nobody tells. */
        OTHER
    }
}
