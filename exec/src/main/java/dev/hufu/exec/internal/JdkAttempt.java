package dev.hufu.exec.internal;

import dev.hufu.exec.ExitStatus;
import dev.hufu.exec.KillReport;
import dev.hufu.exec.OutputReader;
import dev.hufu.exec.ProcessInfo;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.ProcessTree;
import dev.hufu.exec.RunningProcess;
import dev.hufu.exec.Signals;
import dev.hufu.exec.StopCause;
import dev.hufu.exec.StopPolicy;
import dev.hufu.exec.StreamName;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One process of the JDK's. Its watcher, a thread of its own, owns its end: it waits for exit, deadline and stop, kills, and
 * writes the record; two more threads read its streams. Any thread may use it; {@link #close} only lets go.
 */
final class JdkAttempt implements RunningProcess {
    static final String STDIN = ".stdin";
    static final String SCRIPT = ".script";
    private static final long LOOK_NANOS = 1_000_000_000;
    private static final long TURN_NANOS = 20_000_000;
    private static final int BUFFER = 32 << 10;

    private final ProcessSpec spec;
    private final AttemptSpool spool;
    private final Process process;
    private final InstantSource clock;
    private final Consumer<JdkAttempt> afterwards;
    private final Instant startedAt;
    private final CompletableFuture<ProcessResult> result = new CompletableFuture<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private StopCause cause = StopCause.NONE;
    private long graceNanos;
    private boolean exited;
    private boolean settled;
    private int reading = 2;
    private volatile boolean killPending;

    JdkAttempt(
            ProcessSpec spec,
            AttemptSpool spool,
            Process process,
            InstantSource clock,
            Consumer<JdkAttempt> afterwards) {
        this.spec = spec;
        this.spool = spool;
        this.process = process;
        this.clock = clock;
        this.afterwards = afterwards;
        this.startedAt = clock.instant();
    }

    static Retention retention(ProcessSpec spec) {
        return new Retention(spec.outputLimit(), spec.outputPolicy());
    }

    static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // What cannot be removed while somebody has it open stays beside the attempt file.
        }
    }

    void follow(ThreadFactory threads) throws IOException {
        spool.started(process.pid(), ExitRecord.realtime(startedAt));
        threads.newThread(() -> read(StreamName.STDOUT, process.getInputStream()))
                .start();
        threads.newThread(() -> read(StreamName.STDERR, process.getErrorStream()))
                .start();
        threads.newThread(this::watch).start();
        var _ = process.onExit().thenRun(() -> change(() -> exited = true));
    }

    private void change(Runnable what) {
        lock.lock();
        try {
            what.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void read(StreamName stream, InputStream in) {
        byte[] buffer = new byte[BUFFER];
        boolean again = true;
        try {
            while (again) {
                try {
                    int count = in.read(buffer);
                    again = count >= 0;
                    if (again) {
                        spool.append(stream, buffer, count, ExitRecord.realtime(clock.instant()));
                    }
                } catch (IOException e) {
                    // The JDK takes the pipe from under its readers when the process has exited; the rest comes then.
                    again = !process.isAlive() && drained(stream, in, buffer);
                }
            }
        } finally {
            change(() -> reading--);
        }
    }

    private boolean drained(StreamName stream, InputStream in, byte[] buffer) {
        try {
            int count = in.read(buffer);
            if (count > 0) {
                spool.append(stream, buffer, count, ExitRecord.realtime(clock.instant()));
            }
            return count >= 0;
        } catch (IOException e) {
            return false;
        }
    }

    private void watch() {
        JdkTree tree = new JdkTree(process.toHandle(), clock);
        try {
            awaitEndOrStop(tree);
            drain(tree);
            if (settle() != StopCause.NONE) {
                end(tree);
            }
            awaitReaders();
            complete(tree);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            result.completeExceptionally(e);
        } catch (RuntimeException | Error e) {
            result.completeExceptionally(e);
            throw e;
        } finally {
            remove(AttemptSpool.beside(spec.attemptFile(), SCRIPT));
            afterwards.accept(this);
        }
    }

    private void awaitEndOrStop(JdkTree tree) throws InterruptedException {
        long left = spec.timeout() == null ? Long.MAX_VALUE : TimeUnit.NANOSECONDS.convert(spec.timeout());
        while (!endsNow()) {
            long turn = Math.min(left, LOOK_NANOS);
            left -= turn - await(turn);
            if (left <= 0 && !endsNow()) {
                stopFor(StopCause.DEADLINE, spec.killGrace());
            }
            // Who is found while its parents live is known afterwards.
            tree.look();
        }
    }

    private boolean endsNow() {
        lock.lock();
        try {
            return exited || cause != StopCause.NONE;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for a change, for at most that long; what is left of it. */
    @SuppressWarnings("WaitNotInLoop") // Its callers are loops, which look at what they wait for under their own names.
    private long await(long nanos) throws InterruptedException {
        lock.lock();
        try {
            return nanos <= 0 ? nanos : changed.awaitNanos(nanos);
        } finally {
            lock.unlock();
        }
    }

    private void end(JdkTree tree) throws InterruptedException {
        spoolState(LiveCounters.STATE_STOPPING);
        if (graceLeft(0) > 0) {
            tree.terminate();
        }
        while (graceLeft(0) > 0 && tree.isAlive()) {
            long turn = Math.min(TURN_NANOS, graceLeft(0));
            graceLeft(turn - Math.max(0, await(turn)));
            tree.look();
        }
        kill(tree);
    }

    /** The grace, shortened by what has passed of it. */
    private long graceLeft(long passed) {
        lock.lock();
        try {
            graceNanos -= passed;
            return graceNanos;
        } finally {
            lock.unlock();
        }
    }

    private void kill(JdkTree tree) throws InterruptedException {
        long pause = 1_000_000;
        for (long waited = 0; tree.killRound(); waited += pause) {
            if (waited > LOOK_NANOS) {
                killPending = true;
                spoolState(LiveCounters.STATE_KILL_PENDING);
            }
            await(pause);
            pause = Math.min(2 * pause, LOOK_NANOS / 2);
        }
        killPending = false;
    }

    /** What the main process left behind may go on for the drain grace. */
    private void drain(JdkTree tree) throws InterruptedException {
        long left = TimeUnit.NANOSECONDS.convert(spec.drainGrace());
        tree.look();
        while (left > 0 && !isStopped() && (tree.isAlive() || readers() > 0)) {
            long turn = Math.min(left, TURN_NANOS);
            left -= turn - Math.max(0, await(turn));
            tree.look();
        }
        if (!isStopped() && tree.isAlive()) {
            kill(tree);
        }
    }

    private boolean isStopped() {
        lock.lock();
        try {
            return cause != StopCause.NONE;
        } finally {
            lock.unlock();
        }
    }

    /** Why it is stopped; where nothing did, nothing does any more. */
    private StopCause settle() {
        lock.lock();
        try {
            settled = cause == StopCause.NONE;
            return cause;
        } finally {
            lock.unlock();
        }
    }

    private int readers() {
        lock.lock();
        try {
            return exited ? reading : 1;
        } finally {
            lock.unlock();
        }
    }

    /** A stream held open by somebody who was not found is given up after the drain grace. */
    private void awaitReaders() throws InterruptedException {
        long left = Math.max(LOOK_NANOS, TimeUnit.NANOSECONDS.convert(spec.drainGrace()));
        while (left > 0 && readers() > 0) {
            left = await(left);
        }
        process.waitFor();
    }

    private void complete(JdkTree tree) {
        int code = process.exitValue();
        ExitStatus status = new ExitStatus.Exited(code >= 0 && code <= 255 ? code : 255);
        KillReport report = tree.report(cause);
        ExitRecord record = new ExitRecord(status, cause, startedAt, clock.instant(), null, spool.finalCount(), report);
        try (spool) {
            spool.end(record);
        } catch (IOException e) {
            // Who waits hears of the end all the same; who comes later finds no record, and so no success.
        }
        result.complete(record.result(retention(spec)));
    }

    private void spoolState(int state) {
        try {
            spool.state(state);
        } catch (IOException e) {
            // It is information; the record tells of the end.
        }
    }

    @Override
    public long pid() {
        return process.pid();
    }

    @Override
    public Optional<Instant> startedAt() {
        return Optional.of(startedAt);
    }

    /** As the JDK knows them: without what it does not tell, and without what has lost its parent. */
    @Override
    public ProcessTree processes(int atMost) {
        List<ProcessHandle> found = Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .filter(ProcessHandle::isAlive)
                .limit(atMost + 1L)
                .toList();
        return new ProcessTree(
                clock.instant(),
                found.stream().limit(atMost).map(JdkAttempt::info).toList(),
                found.size() > atMost);
    }

    private static ProcessInfo info(ProcessHandle handle) {
        ProcessHandle.Info info = handle.info();
        List<String> argv = new ArrayList<>();
        info.command().ifPresent(argv::add);
        info.arguments().ifPresent(arguments -> argv.addAll(List.of(arguments)));
        String command = info.command().orElse("");
        return new ProcessInfo(
                handle.pid(),
                handle.parent().map(ProcessHandle::pid).orElse(0L),
                command.substring(command.lastIndexOf('/') + 1),
                argv,
                false,
                ProcessInfo.State.OTHER,
                info.totalCpuDuration().orElse(Duration.ZERO),
                Duration.ZERO,
                null,
                0,
                null,
                null);
    }

    @Override
    public void stop(StopPolicy policy) {
        if (policy.cause() == StopCause.NONE) {
            throw new IllegalArgumentException("a stop needs a cause");
        }
        stopFor(policy.cause(), policy.grace());
    }

    /** The first cause stands; a later one can only shorten the grace. */
    private void stopFor(StopCause why, Duration grace) {
        long nanos = TimeUnit.NANOSECONDS.convert(grace);
        change(() -> {
            if (settled || result.isDone()) {
                return;
            }
            graceNanos = cause == StopCause.NONE ? nanos : Math.min(graceNanos, nanos);
            cause = cause == StopCause.NONE ? why : cause;
        });
    }

    @Override
    public void signal(int signal, boolean wholeTree) throws IOException {
        if (signal < 1 || signal > Signals.LAST) {
            throw new IllegalArgumentException("no signal: " + signal);
        }
        if (result.isDone()) {
            return;
        }
        if (signal != Signals.SIGTERM && signal != Signals.SIGKILL) {
            throw new IOException("this launcher can send SIGTERM and SIGKILL only, not " + Signals.name(signal));
        }
        JdkTree tree = new JdkTree(process.toHandle(), clock);
        if (wholeTree) {
            tree.look();
        }
        tree.signal(signal == Signals.SIGKILL);
    }

    /** Nobody waits for a reader. */
    @Override
    public void consumed(long stdout, long stderr) {
        if (stdout < 0 || stderr < 0) {
            throw new IllegalArgumentException("a position is negative");
        }
    }

    /** Whether all there is to know is in its file. */
    boolean isOver() {
        return result.isDone();
    }

    @Override
    public ProcessResult awaitExit() throws InterruptedException {
        try {
            return result.get();
        } catch (ExecutionException e) {
            throw notFollowed(e.getCause());
        }
    }

    @Override
    public Optional<ProcessResult> awaitExit(Duration timeout) throws InterruptedException {
        try {
            return Optional.of(result.get(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS));
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            throw notFollowed(e.getCause());
        }
    }

    private static IllegalStateException notFollowed(@Nullable Throwable cause) {
        return new IllegalStateException("the process is not followed any more", cause);
    }

    @Override
    public boolean killPending() {
        return killPending;
    }

    @Override
    public OutputReader output() throws IOException {
        return AttemptFiles.output(spec.attemptFile());
    }

    @Override
    public void close() {
        result.completeExceptionally(new IllegalStateException("closed"));
    }
}
