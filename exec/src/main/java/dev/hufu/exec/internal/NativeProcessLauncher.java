package dev.hufu.exec.internal;

import dev.hufu.exec.Errno;
import dev.hufu.exec.ExitStatus.LaunchFailed;
import dev.hufu.exec.Isolation;
import dev.hufu.exec.LaunchStage;
import dev.hufu.exec.LauncherConfig;
import dev.hufu.exec.OutputReader;
import dev.hufu.exec.OutputSummary;
import dev.hufu.exec.ProcessLauncher;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.RunningProcess;
import dev.hufu.exec.StartGate;
import dev.hufu.exec.StopCause;
import dev.hufu.exec.internal.confine.Cgroups;
import dev.hufu.exec.internal.confine.Confinement;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * Starts processes through the native launcher and its supervisors. Owns the launcher's process and one connection and one
 * thread for each attempt it follows. Any thread may use it; {@link #close} lets go of everything and stops nothing.
 */
public final class NativeProcessLauncher implements ProcessLauncher {
    private static final int MAX_LAUNCH_TRIES = 3;

    private final LauncherHost host;
    private final Recovery recovery;
    private final Confinement confinement;
    private final @Nullable StartGate gate;
    private final InstantSource clock;
    private final ThreadFactory threads;
    private final Set<Attempt> attempts = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private NativeProcessLauncher(
            LauncherHost host,
            Confinement confinement,
            @Nullable StartGate gate,
            InstantSource clock,
            ThreadFactory threads)
            throws IOException {
        this.host = host;
        this.confinement = confinement;
        this.gate = gate;
        this.recovery = new Recovery(host, clock);
        this.clock = clock;
        this.threads = threads;
    }

    public static boolean isThere() {
        return System.getProperty("os.name", "").equals("Linux") && LauncherProcess.isPacked();
    }

    public static NativeProcessLauncher start(LauncherConfig config, InstantSource clock, ThreadFactory threads)
            throws IOException {
        // First, since the launcher begins where this process is by then.
        Cgroups cgroups = Cgroups.detect(config.cgroups());
        LauncherHost host = LauncherHost.start(config, threads);
        try {
            Confinement confinement = Confinement.of(cgroups, config, host.pid());
            StartGate gate = config.startsAtOnce() == 0 ? null : new StartGate(config.startsAtOnce(), clock);
            return new NativeProcessLauncher(host, confinement, gate, clock, threads);
        } catch (IOException | RuntimeException e) {
            host.close();
            throw e;
        }
    }

    @Override
    public RunningProcess launch(ProcessSpec spec) throws IOException {
        ByteBuffer request;
        try {
            Path controlSocket = host.newControlSocket();
            request = Requests.launch(spec, controlSocket, confinement.plan(spec, nameOf(controlSocket)));
        } catch (Requests.UnlaunchableException e) {
            return failed(spec, e.status());
        } catch (Confinement.NoMeansException e) {
            return failed(spec, e.status());
        }
        StartGate.Permit permit = gate == null ? null : gate.enterUninterruptibly();
        boolean runs = false;
        try {
            RunningProcess process = launch(spec, request);
            if (permit != null && process instanceof Attempt attempt) {
                attempt.holds(permit);
                runs = true;
            }
            return process;
        } finally {
            if (permit != null && !runs) {
                permit.close();
            }
        }
    }

    private RunningProcess launch(ProcessSpec spec, ByteBuffer request) throws IOException {
        for (int tries = 1; ; tries++) {
            Connection connection = host.connect();
            IOException failure = new IOException("the connection ended before the process had started");
            try {
                Answer answer = firstAnswer(connection, request.duplicate());
                if (answer != null) {
                    return launched(spec, connection, answer);
                }
            } catch (FileAlreadyExistsException | MalformedException e) {
                connection.close();
                throw e;
            } catch (IOException e) {
                failure.initCause(e);
            }
            connection.close();
            // Without a file nothing was started, and with the connection closed nothing will be.
            if (tries == MAX_LAUNCH_TRIES || !Files.notExists(spec.attemptFile(), LinkOption.NOFOLLOW_LINKS)) {
                throw failure;
            }
        }
    }

    /** Nobody else uses that of the socket, so nobody else uses that of the groups. */
    private static String nameOf(Path controlSocket) {
        String name = String.valueOf(controlSocket.getFileName());
        return name.substring(0, name.lastIndexOf('.'));
    }

    private static @Nullable Answer firstAnswer(Connection connection, ByteBuffer request) throws IOException {
        try {
            connection.send(request);
        } catch (IOException e) {
            // A supervisor that refuses early does not read to the end; its answer says why.
            Answer answer = connection.receive();
            if (answer == null) {
                throw e;
            }
            return answer;
        }
        return connection.receive();
    }

    private RunningProcess launched(ProcessSpec spec, Connection connection, Answer answer) throws IOException {
        return switch (answer) {
            case Answer.Started(long pid, long startRealtime) -> {
                Attempt attempt =
                        newAttempt(spec.attemptFile(), spec.marker(), new Attempt.Identity(pid, startRealtime));
                attempt.follow(connection, retention(spec), threads);
                yield attempt;
            }
            case Answer.Ended(ExitRecord record) -> {
                connection.close();
                yield new EndedProcess(spec.attemptFile(), record.result(retention(spec)));
            }
            case Answer.Refused(int errno, int stage) -> {
                connection.close();
                LaunchStage where = LaunchStage.of(stage);
                if (errno == Errno.EEXIST && where == LaunchStage.ATTEMPT_FILE) {
                    throw new FileAlreadyExistsException(spec.attemptFile().toString());
                }
                yield failed(spec, new LaunchFailed(errno, where));
            }
            case Answer.Attached _, Answer.KillPending _, Answer.Swept _ ->
                throw new MalformedException("unexpected answer to a launch: " + answer);
        };
    }

    private static Retention retention(ProcessSpec spec) {
        return new Retention(spec.outputLimit(), spec.outputPolicy());
    }

    private Attempt newAttempt(Path file, String marker, Attempt.Identity identity) {
        Attempt attempt = new Attempt(file, marker, identity, recovery, attempts::remove);
        attempts.add(attempt);
        if (closed) {
            attempt.close();
        }
        return attempt;
    }

    private RunningProcess failed(ProcessSpec spec, LaunchFailed status) {
        OutputSummary nothing = new OutputSummary(0, 0, false, false);
        return new EndedProcess(
                spec.attemptFile(),
                new ProcessResult(status, StopCause.NONE, null, clock.instant(), null, nothing, null));
    }

    @Override
    public Attachment attach(Path attemptFile, Duration patience) throws IOException, InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        return switch (recovery.find(attemptFile)) {
            case Recovery.Finding.Missing() -> new Attachment.NeverStarted();
            case Recovery.Finding.Ended(ProcessResult result) -> new Attachment.Ended(result);
            case Recovery.Finding.Lost lost ->
                recovery.sweep("", lost.header())
                        ? new Attachment.Ended(recovery.unknown(lost))
                        : search(attemptFile, lost.header(), patience);
            case Recovery.Finding.Alive(AttemptHeader header) -> search(attemptFile, header, patience);
        };
    }

    private Attachment search(Path attemptFile, @Nullable AttemptHeader header, Duration patience)
            throws InterruptedException {
        Attempt.Identity identity = header == null
                ? new Attempt.Identity(0, 0)
                : new Attempt.Identity(header.main().pid(), header.startRealtime());
        Attempt attempt = newAttempt(attemptFile, "", identity);
        attempt.search(threads);
        try {
            attempt.awaitReached(patience);
        } catch (InterruptedException e) {
            attempt.close();
            throw e;
        }
        Optional<ProcessResult> ended = attempt.resultNow();
        return ended.isPresent() ? new Attachment.Ended(ended.get()) : new Attachment.Running(attempt);
    }

    @Override
    public OutputReader output(Path attemptFile) throws IOException {
        return AttemptFiles.output(attemptFile);
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.values());
    }

    @Override
    public Isolation isolation() {
        return confinement.isolation();
    }

    @Override
    public void close() {
        closed = true;
        for (Attempt attempt : List.copyOf(attempts)) {
            attempt.close();
        }
        try {
            host.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
