package dev.hufu.exec.internal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantLock;

/** Tells whether an attempt's supervisor lives: it holds a lock on its file, which the kernel takes back from the dead. */
final class Liveness {
    // The JDK refuses a second lock on the same file anywhere in the JVM, so probes take turns.
    private static final ReentrantLock PROBING = new ReentrantLock();

    private Liveness() {}

    static boolean isHeld(Path attemptFile) throws IOException {
        PROBING.lock();
        // A shared lock collides with the supervisor's exclusive one, and not with another JVM's probe.
        try (FileChannel channel = FileChannel.open(attemptFile, StandardOpenOption.READ);
                FileLock lock = channel.tryLock(0, 1, true)) {
            return lock == null;
        } finally {
            PROBING.unlock();
        }
    }
}
