package dev.hufu.exec.internal;

import dev.hufu.exec.Errno;
import dev.hufu.exec.ExitStatus.LaunchFailed;
import dev.hufu.exec.ExitStatus.Unknown;
import dev.hufu.exec.Isolation;
import dev.hufu.exec.LaunchStage;
import dev.hufu.exec.OutputPolicy;
import dev.hufu.exec.OutputReader;
import dev.hufu.exec.OutputSummary;
import dev.hufu.exec.ProcessLauncher;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.Program;
import dev.hufu.exec.RunningProcess;
import dev.hufu.exec.StopCause;
import dev.hufu.exec.internal.confine.Confinement;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Starts processes by {@link ProcessBuilder}, where there is no native launcher. Three threads for each process: one reads each
 * stream, one watches. Any thread may use it; {@link #close} lets go of everything and stops nothing, and what runs is still
 * heard and recorded as long as the JVM lives.
 */
public final class JdkProcessLauncher implements ProcessLauncher {
    private static final int EIO = 5;
    private static final Path NOTHING = Path.of(File.separatorChar == '/' ? "/dev/null" : "NUL");

    private final InstantSource clock;
    private final ThreadFactory threads;
    private final Charset spoken;
    private final Map<Path, JdkAttempt> attempts = new ConcurrentHashMap<>();
    private volatile boolean closed;

    public JdkProcessLauncher(InstantSource clock, ThreadFactory threads) {
        this.clock = clock;
        this.threads = threads;
        this.spoken = Charset.forName(
                System.getProperty("sun.jnu.encoding", StandardCharsets.US_ASCII.name()), StandardCharsets.US_ASCII);
    }

    @Override
    public RunningProcess launch(ProcessSpec spec) throws IOException {
        if (closed) {
            throw new IOException("the launcher is closed");
        }
        LaunchFailed refusal = refusal(spec);
        if (refusal != null) {
            return new EndedProcess(spec.attemptFile(), failed(refusal).result(Retention.NOTHING));
        }
        AttemptSpool spool;
        try {
            spool = AttemptSpool.create(spec);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (IOException e) {
            LaunchFailed status = new LaunchFailed(errnoOf(e), LaunchStage.ATTEMPT_FILE);
            return new EndedProcess(spec.attemptFile(), failed(status).result(Retention.NOTHING));
        }
        return start(spec, spool);
    }

    /** Why this is not for this launcher; null where it is. */
    private @Nullable LaunchFailed refusal(ProcessSpec spec) {
        try {
            Requests.launch(spec, spec.attemptFile(), Confinement.Plan.NONE);
        } catch (Requests.UnlaunchableException e) {
            return e.status();
        }
        if (spec.user() != null) {
            return new LaunchFailed(Errno.EPERM, LaunchStage.USER);
        }
        if (!spec.limits().isNone()) {
            return new LaunchFailed(Errno.EOPNOTSUPP, LaunchStage.LIMITS);
        }
        if (spec.outputPolicy() != OutputPolicy.TRUNCATE) {
            return new LaunchFailed(Errno.EOPNOTSUPP, LaunchStage.REQUEST);
        }
        return canSay(spec) ? null : new LaunchFailed(Errno.EINVAL, LaunchStage.REQUEST);
    }

    private boolean canSay(ProcessSpec spec) {
        Stream<String> program = switch (spec.program()) {
            case Program.CommandLine(List<String> argv) -> argv.stream();
            case Program.Script(String _, List<String> interpreter, List<String> arguments) ->
                Stream.concat(interpreter.stream(), arguments.stream());
        };
        Stream<String> environment =
                spec.environment().entrySet().stream().flatMap(entry -> Stream.of(entry.getKey(), entry.getValue()));
        return Stream.concat(program, environment)
                .allMatch(text -> spoken.newEncoder().canEncode(text));
    }

    private static int errnoOf(IOException failure) {
        return switch (failure) {
            case NoSuchFileException _ -> Errno.ENOENT;
            case AccessDeniedException _ -> Errno.EACCES;
            default -> EIO;
        };
    }

    private ExitRecord failed(LaunchFailed status) {
        return new ExitRecord(
                status, StopCause.NONE, null, clock.instant(), null, new ExitRecord.Written(0, 0, false), null);
    }

    private RunningProcess start(ProcessSpec spec, AttemptSpool spool) throws IOException {
        LaunchFailed failure = null;
        Process process = null;
        if (spec.notAfter() != null && clock.instant().isAfter(spec.notAfter())) {
            failure = new LaunchFailed(Errno.ETIME, LaunchStage.NOT_AFTER);
        }
        failure = failure == null ? JdkPrograms.unusable(spec.workingDirectory()) : failure;
        List<String> argv = argv(spec);
        if (failure == null) {
            JdkPrograms.Found program = JdkPrograms.find(argv.getFirst(), spec.environment(), spec.workingDirectory());
            argv.set(0, program.file());
            failure = program.failure();
        }
        if (failure == null) {
            failure = writeFiles(spec);
        }
        if (failure == null) {
            try {
                process = spawn(spec, argv);
            } catch (IOException e) {
                failure = JdkPrograms.explain(e, spec.workingDirectory());
            }
        }
        removeFile(spec, JdkAttempt.STDIN);
        if (process != null) {
            return follow(spec, spool, process);
        }
        removeFile(spec, JdkAttempt.SCRIPT);
        ExitRecord record = failed(failure == null ? new LaunchFailed(EIO, LaunchStage.EXEC) : failure);
        try (spool) {
            spool.end(record);
        }
        return new EndedProcess(spec.attemptFile(), record.result(JdkAttempt.retention(spec)));
    }

    private static List<String> argv(ProcessSpec spec) {
        return switch (spec.program()) {
            case Program.CommandLine(List<String> argv) -> new ArrayList<>(argv);
            case Program.Script(String _, List<String> interpreter, List<String> arguments) -> {
                List<String> argv = new ArrayList<>(interpreter);
                argv.add(AttemptSpool.beside(spec.attemptFile(), JdkAttempt.SCRIPT)
                        .toString());
                argv.addAll(arguments);
                yield argv;
            }
        };
    }

    private static @Nullable LaunchFailed writeFiles(ProcessSpec spec) {
        LaunchStage stage = LaunchStage.STDIN;
        try {
            if (spec.stdin().length > 0) {
                AttemptSpool.writeBeside(spec.attemptFile(), JdkAttempt.STDIN, spec.stdin());
            }
            stage = LaunchStage.SCRIPT;
            if (spec.program() instanceof Program.Script script) {
                byte[] text = script.text().getBytes(StandardCharsets.UTF_8);
                AttemptSpool.writeBeside(spec.attemptFile(), JdkAttempt.SCRIPT, text);
            }
            return null;
        } catch (IOException e) {
            return new LaunchFailed(errnoOf(e), stage);
        }
    }

    /** Removed as soon as the process has it open, where the system allows that; else it stays for the caller to see. */
    private static void removeFile(ProcessSpec spec, String suffix) {
        JdkAttempt.remove(AttemptSpool.beside(spec.attemptFile(), suffix));
    }

    private static Process spawn(ProcessSpec spec, List<String> argv) throws IOException {
        Path input = spec.stdin().length == 0 ? NOTHING : AttemptSpool.beside(spec.attemptFile(), JdkAttempt.STDIN);
        ProcessBuilder builder = new ProcessBuilder(argv)
                .directory(spec.workingDirectory().toFile())
                .redirectInput(Redirect.from(input.toFile()));
        builder.environment().clear();
        builder.environment().putAll(spec.environment());
        return builder.start();
    }

    private RunningProcess follow(ProcessSpec spec, AttemptSpool spool, Process process) throws IOException {
        JdkAttempt attempt =
                new JdkAttempt(spec, spool, process, clock, ended -> attempts.remove(spec.attemptFile(), ended));
        attempts.put(spec.attemptFile(), attempt);
        attempt.follow(threads);
        if (closed) {
            attempt.close();
        }
        return attempt;
    }

    @Override
    public Attachment attach(Path attemptFile, Duration patience) throws IOException, InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        JdkAttempt running = attempts.get(attemptFile);
        if (running != null && !running.isOver()) {
            return new Attachment.Running(running);
        }
        AttemptFile.Snapshot snapshot;
        try (AttemptFile file = new AttemptFile(attemptFile)) {
            snapshot = file.snapshot();
        } catch (NoSuchFileException e) {
            return new Attachment.NeverStarted();
        }
        AttemptHeader header = snapshot.header();
        Retention retention =
                header == null ? Retention.NOTHING : header.layout().retention();
        return switch (snapshot.record()) {
            case AttemptFile.RecordState.Valid(ExitRecord record) -> new Attachment.Ended(record.result(retention));
            case AttemptFile.RecordState.Damaged() ->
                lost(Unknown.Why.RECORD_DAMAGED, StopCause.NONE, snapshot, retention);
            case AttemptFile.RecordState.Absent() -> {
                if (isOfALivingJvm(attemptFile, header)) {
                    throw new IOException("the attempt belongs to another process that still runs: " + attemptFile);
                }
                yield lost(Unknown.Why.SUPERVISOR_LOST, StopCause.SUPERVISOR_LOST, snapshot, retention);
            }
        };
    }

    /** By its process id; one that was given to another process since tells itself by having started later than the file. */
    private static boolean isOfALivingJvm(Path attemptFile, @Nullable AttemptHeader header) throws IOException {
        if (header == null || header.supervisor() == ProcessHandle.current().pid()) {
            return false;
        }
        Optional<Instant> began = ProcessHandle.of(header.supervisor())
                .filter(ProcessHandle::isAlive)
                .flatMap(handle -> handle.info().startInstant());
        Instant made = header.startRealtime() == 0
                ? Files.getLastModifiedTime(attemptFile).toInstant()
                : ExitRecord.instant(header.startRealtime());
        return began.isPresent() && !began.get().isAfter(made.plusSeconds(1));
    }

    private Attachment lost(Unknown.Why why, StopCause cause, AttemptFile.Snapshot snapshot, Retention retention) {
        AttemptHeader header = snapshot.header();
        Instant start =
                header == null || header.startRealtime() == 0 ? null : ExitRecord.instant(header.startRealtime());
        OutputSummary output = snapshot.live().summary().summary(retention);
        return new Attachment.Ended(
                new ProcessResult(new Unknown(why), cause, start, clock.instant(), null, output, null));
    }

    @Override
    public OutputReader output(Path attemptFile) throws IOException {
        return AttemptFiles.output(attemptFile);
    }

    @Override
    public Set<Capability> capabilities() {
        EnumSet<Capability> some = EnumSet.noneOf(Capability.class);
        if (spoken.equals(StandardCharsets.UTF_8)) {
            some.add(Capability.ANY_TEXT);
        }
        return some;
    }

    @Override
    public Isolation isolation() {
        return Isolation.NONE;
    }

    @Override
    public void close() {
        closed = true;
        for (JdkAttempt attempt : List.copyOf(attempts.values())) {
            attempt.close();
        }
    }
}
