package dev.hufu.server.doctor;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Calls of the kernel that the launcher makes, made once to see whether they are there. For one thread. */
final class SystemCalls {
    // The same on x86-64 and aarch64 (source: include/uapi/asm-generic/unistd.h).
    private static final long PIDFD_SEND_SIGNAL = 424;
    private static final long PIDFD_OPEN = 434;
    private static final long CLOSE_RANGE = 436;
    private static final long LAST_DESCRIPTOR = 0xffff_ffffL;
    private static final int ENOSYS = 38;
    private static final int EPERM = 1;

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO_AT = STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private final MethodHandle syscall;

    SystemCalls() {
        Linker linker = Linker.nativeLinker();
        syscall = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("syscall"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG),
                Linker.Option.firstVariadicArg(1),
                Linker.Option.captureCallState("errno"));
    }

    /** Whether a process can be held by a descriptor, and signalled by it. */
    boolean pidfd() {
        // Neither a process nor a descriptor is named: where the calls are there, they complain of that.
        return isThere(PIDFD_OPEN, -1) && isThere(PIDFD_SEND_SIGNAL, -1);
    }

    /** Whether descriptors can be closed by the range. */
    boolean closeRange() {
        // There is no descriptor of this number.
        return isThere(CLOSE_RANGE, LAST_DESCRIPTOR);
    }

    private boolean isThere(long number, long first) {
        int errno = errno(number, first);
        // A filter of system calls answers the second.
        return errno != ENOSYS && errno != EPERM;
    }

    /** 0 where the call succeeded. */
    private int errno(long number, long first) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            long second = number == CLOSE_RANGE ? LAST_DESCRIPTOR : 0;
            long answer = (long) syscall.invokeExact(state, number, first, second, 0L, 0L);
            return answer >= 0 ? 0 : state.get(ValueLayout.JAVA_INT, ERRNO_AT);
        } catch (Throwable failed) {
            throw new IllegalStateException("a system call could not be made", failed);
        }
    }
}
