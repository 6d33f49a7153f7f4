package dev.hufu.exec;

import dev.hufu.exec.internal.AttemptFiles;
import dev.hufu.exec.internal.JdkProcessLauncher;
import dev.hufu.exec.internal.NativeProcessLauncher;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.ThreadFactory;

/** Where launchers come from. */
public final class ProcessLaunchers {
    private ProcessLaunchers() {}

    /**
     * Starts the native launcher, a small program of this library's own that starts, watches and stops the processes.
     * Needs Linux on the architecture this library was built for.
     *
     * @param threads makes one thread per running process, which mostly waits on a socket; fit for virtual threads
     * @throws IOException if the launcher cannot be started
     */
    public static ProcessLauncher nativeLauncher(LauncherConfig config, InstantSource clock, ThreadFactory threads)
            throws IOException {
        return NativeProcessLauncher.start(config, clock, threads);
    }

    /** Whether this build has a native launcher, and this is a system for it; else there is {@link #jdkLauncher}. */
    public static boolean hasNativeLauncher() {
        return NativeProcessLauncher.isThere();
    }

    /**
     * A launcher that needs nothing but the JDK, for systems without the native one. It lacks most
     * {@linkplain ProcessLauncher.Capability capabilities}: above all, what it runs does not outlive the JVM's attention, and
     * a stop reaches only those processes that it finds. It refuses what it cannot do ({@link Errno#EOPNOTSUPP}): every
     * {@link OutputPolicy} but {@link OutputPolicy#TRUNCATE}, and limits.
     *
     * @param threads makes three threads per running process, two of which wait in system calls: platform threads, not
     *     virtual ones, or the carriers of all others are held up
     */
    public static ProcessLauncher jdkLauncher(InstantSource clock, ThreadFactory threads) {
        return new JdkProcessLauncher(clock, threads);
    }

    /**
     * The {@link ProcessSpec#metadata} an attempt file was made with, whether its process runs or has ended.
     *
     * @throws IOException if there is no such file, or it is damaged
     */
    public static byte[] metadata(Path attemptFile) throws IOException {
        return AttemptFiles.metadata(attemptFile);
    }
}
