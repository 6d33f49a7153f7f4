package dev.hufu.agent;

import dev.hufu.exec.RunningProcess;
import dev.hufu.protocol.ProcessList;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The process of an attempt while it is followed, for whoever wants to look at it or send it a signal. One look serves all
 * who ask within a second, and those who wait for it. Any thread may use it.
 */
final class LiveProcess {
    private static final Duration LASTS = Duration.ofSeconds(1);
    private static final int MOST_PROCESSES = 1_000;

    private record Look(RunningProcess of, long at, ProcessList found) {}

    // Held while /proc is read, so that who asks meanwhile gets that answer.
    private final ReentrantLock looking = new ReentrantLock();
    private volatile @Nullable RunningProcess process;
    private @Nullable Look last;

    /** There is a process. */
    void follow(RunningProcess found) {
        process = found;
    }

    /** The process is followed no more. */
    void leave() {
        process = null;
    }

    /** Its processes, as they were a second ago at most; empty where none is followed. */
    Optional<ProcessList> processes(Timers timers) throws IOException {
        looking.lock();
        try {
            RunningProcess current = process;
            if (current == null) {
                return Optional.empty();
            }
            Look known = last;
            if (known != null && known.of.equals(current) && timers.nanoTime() - known.at < LASTS.toNanos()) {
                return Optional.of(known.found);
            }
            ProcessList found = ProcessLists.of(current.processes(MOST_PROCESSES));
            if (found.processes().isEmpty()) {
                return Optional.empty();
            }
            last = new Look(current, timers.nanoTime(), found);
            return Optional.of(found);
        } finally {
            looking.unlock();
        }
    }

    /** Sends a signal; false where no process is followed. */
    boolean signal(int number, boolean wholeTree) throws IOException {
        RunningProcess current = process;
        if (current == null) {
            return false;
        }
        current.signal(number, wholeTree);
        return true;
    }
}
