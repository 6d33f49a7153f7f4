package dev.hufu.exec.internal;

import dev.hufu.exec.LauncherConfig;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Keeps one native launcher alive and connects to it; starts another where it died. Any thread may use it. */
final class LauncherHost implements Closeable {
    private static final int MAX_RESTARTS = 3;
    private static final long LONGEST_PAUSE_MILLIS = 64;
    private static final int MAX_PAUSES = 160;

    private final LauncherConfig config;
    private final ThreadFactory threads;
    private final String name;
    private final AtomicLong names = new AtomicLong();
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final CountDownLatch closed = new CountDownLatch(1);
    private @Nullable LauncherProcess current;
    private Path runDirectory;

    private LauncherHost(LauncherConfig config, ThreadFactory threads, Path runDirectory) {
        this.config = config;
        this.threads = threads;
        this.runDirectory = runDirectory;
        this.name = HexFormat.of().toHexDigits(new SplittableRandom().nextLong(), 10);
    }

    static LauncherHost start(LauncherConfig config, ThreadFactory threads) throws IOException {
        LauncherHost host = new LauncherHost(config, threads, prepare(config));
        host.living();
        return host;
    }

    private static Path prepare(LauncherConfig config) throws IOException {
        return RunDirectory.prepare(config.runDirectory(), System.getenv());
    }

    /** A path for a control socket that nobody else uses. */
    Path newControlSocket() {
        lock.lock();
        try {
            return runDirectory.resolve(nextName() + ".c");
        } finally {
            lock.unlock();
        }
    }

    /** Removes what a supervisor that was killed left in the run directory, and nothing anywhere else. */
    void discard(Path controlSocket) throws IOException {
        lock.lock();
        try {
            if (runDirectory.equals(controlSocket.getParent())) {
                Files.deleteIfExists(controlSocket);
            }
        } finally {
            lock.unlock();
        }
    }

    private String nextName() {
        return name + "-" + Long.toString(names.getAndIncrement(), Character.MAX_RADIX);
    }

    long pid() throws IOException {
        return living().pid();
    }

    /** A fresh connection, if need be to a fresh launcher. */
    Connection connect() throws IOException {
        long pause = 1;
        int restarts = 0;
        for (int pauses = 0; ; pauses++) {
            LauncherProcess launcher = living();
            try {
                return tracked(Connection.open(launcher.socket(), connections::remove));
            } catch (ClosedByInterruptException e) {
                throw e;
            } catch (IOException e) {
                // Either it died, or more connect at once than it can queue.
                boolean died = !launcher.isUsable();
                restarts += died ? 1 : 0;
                if (restarts > MAX_RESTARTS || pauses > MAX_PAUSES) {
                    throw new IOException("the native launcher cannot be reached", e);
                }
            }
            pause(pause);
            pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
        }
    }

    private Connection tracked(Connection connection) throws IOException {
        connections.add(connection);
        if (closed.getCount() == 0) {
            connection.close();
        }
        return connection;
    }

    private LauncherProcess living() throws IOException {
        lock.lock();
        try {
            if (closed.getCount() == 0) {
                throw new IOException("the launcher is closed");
            }
            LauncherProcess launcher = current;
            if (launcher != null && launcher.isUsable()) {
                return launcher;
            }
            if (launcher != null) {
                current = null;
                launcher.close();
                Files.deleteIfExists(launcher.socket());
                runDirectory = prepare(config);
            }
            launcher = LauncherProcess.start(runDirectory, nextName(), config, threads);
            current = launcher;
            return launcher;
        } finally {
            lock.unlock();
        }
    }

    /** Waits, unless this is closed meanwhile. */
    void pause(long millis) throws IOException {
        try {
            if (closed.await(millis, TimeUnit.MILLISECONDS)) {
                throw new IOException("the launcher is closed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for the native launcher");
        }
    }

    @Override
    public void close() throws IOException {
        closed.countDown();
        // Also those on which somebody waits for a launcher that does not answer.
        for (Connection connection : List.copyOf(connections)) {
            connection.close();
        }
        lock.lock();
        try {
            if (current != null) {
                current.close();
                current = null;
            }
        } finally {
            lock.unlock();
        }
    }
}
