package dev.hufu.exec.internal;

import dev.hufu.exec.LauncherConfig;
import dev.hufu.exec.internal.confine.Capabilities;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One native launcher. The pipe to its stdin is held open for as long as it is needed; closing it lets the launcher end once
 * its supervisors have. Its program is removed from the disk as soon as it runs.
 */
final class LauncherProcess implements Closeable {
    private static final String RESOURCE = "hufu-launcher";
    private static final long READY_SECONDS = 20;
    private static final byte[] READY = "ready\n".getBytes(StandardCharsets.US_ASCII);

    private final Process process;
    private final Path socket;

    private LauncherProcess(Process process, Path socket) {
        this.process = process;
        this.socket = socket;
    }

    /** Starts one, and returns once it listens. */
    static LauncherProcess start(Path runDirectory, String name, LauncherConfig config, ThreadFactory threads)
            throws IOException {
        Path program = runDirectory.resolve(name + ".x");
        Path socket = runDirectory.resolve(name + ".s");
        try {
            extract(program);
            LauncherProcess launcher = new LauncherProcess(spawn(program, socket, config), socket);
            launcher.awaitReady(threads);
            return launcher;
        } finally {
            Files.deleteIfExists(program);
        }
    }

    /** Whether the program was built with these classes. */
    static boolean isPacked() {
        return LauncherProcess.class.getResource(RESOURCE) != null;
    }

    Path socket() {
        return socket;
    }

    long pid() {
        return process.pid();
    }

    /** Whether it can be connected to: it lives, and nobody tidied its socket away. */
    boolean isUsable() {
        return process.isAlive() && Files.exists(socket);
    }

    private static void extract(Path program) throws IOException {
        try (InputStream in = LauncherProcess.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IOException("this build has no native launcher");
            }
            try (OutputStream out = Channels.newOutputStream(Files.newByteChannel(
                    program,
                    EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r-x------"))))) {
                in.transferTo(out);
            }
        }
    }

    private static Process spawn(Path program, Path socket, LauncherConfig config) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(List.of(
                program.toString(),
                "--socket",
                socket.toString(),
                "--max-idle",
                Integer.toString(config.maxIdleSupervisors()),
                "--keep-capabilities",
                Long.toHexString(Capabilities.bits(config.keepCapabilities()))));
        builder.environment().clear();
        builder.redirectError(Redirect.DISCARD);
        if (config.log().isPresent()) {
            Path log = config.log().get();
            createPrivate(log);
            builder.redirectError(Redirect.appendTo(log.toFile()));
        }
        return builder.start();
    }

    private static void createPrivate(Path log) throws IOException {
        try {
            Files.createFile(log, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        } catch (FileAlreadyExistsException e) {
            // It is appended to.
        }
    }

    private void awaitReady(ThreadFactory threads) throws IOException {
        FutureTask<byte[]> greeting =
                new FutureTask<>(() -> process.getInputStream().readNBytes(READY.length));
        threads.newThread(greeting).start();
        boolean ready = false;
        try {
            ready = Arrays.equals(greeting.get(READY_SECONDS, TimeUnit.SECONDS), READY);
        } catch (ExecutionException e) {
            throw new IOException("the native launcher does not start", e.getCause());
        } catch (TimeoutException e) {
            throw new IOException("the native launcher was not ready after " + READY_SECONDS + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while the native launcher started");
        } finally {
            if (!ready) {
                process.destroyForcibly();
                close();
            }
        }
        if (!ready) {
            throw new IOException("the native launcher ended before it was ready");
        }
    }

    @Override
    public void close() throws IOException {
        process.getInputStream().close();
        process.getOutputStream().close();
        if (!process.isAlive()) {
            // One that was killed could not remove it itself.
            Files.deleteIfExists(socket);
        }
    }
}
