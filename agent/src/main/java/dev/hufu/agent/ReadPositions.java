package dev.hufu.agent;

import dev.hufu.exec.RunningProcess;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * How far readers have an attempt's output, on its way to the process. The latest positions are kept until there is one,
 * and told by one thread at a time. Any thread may use it; its lock is never held during IO.
 */
final class ReadPositions {
    private record Positions(long stdout, long stderr) {
        static final Positions NONE = new Positions(0, 0);
    }

    private final ReentrantLock lock = new ReentrantLock();
    private Positions latest = Positions.NONE;
    private Positions told = Positions.NONE;
    private @Nullable RunningProcess process;
    private boolean telling;

    /**
     * Readers have more; a position that is behind the known one changes nothing.
     *
     * @return whether {@link #tell} is to be called, by a thread that may wait
     */
    boolean advance(long stdout, long stderr) {
        lock.lock();
        try {
            latest = new Positions(Math.max(latest.stdout, stdout), Math.max(latest.stderr, stderr));
            return claim();
        } finally {
            lock.unlock();
        }
    }

    /** There is a process to tell; returns as {@link #advance}. */
    boolean follow(RunningProcess found) {
        lock.lock();
        try {
            process = found;
            told = Positions.NONE;
            return claim();
        } finally {
            lock.unlock();
        }
    }

    /** The process is followed no more. */
    void leave() {
        lock.lock();
        try {
            process = null;
        } finally {
            lock.unlock();
        }
    }

    private boolean claim() {
        if (telling || process == null || told.equals(latest)) {
            return false;
        }
        telling = true;
        return true;
    }

    /** Tells the process what it was not told, until there is nothing more. */
    void tell() {
        while (true) {
            RunningProcess current;
            Positions next;
            lock.lock();
            try {
                telling = process != null && !told.equals(latest);
                if (!telling || process == null) {
                    return;
                }
                current = process;
                next = latest;
                told = next;
            } finally {
                lock.unlock();
            }
            current.consumed(next.stdout, next.stderr);
        }
    }
}
