package dev.hufu.agent;

import dev.hufu.exec.ExitStatus;
import dev.hufu.exec.Isolation;
import dev.hufu.exec.OutputReader;
import dev.hufu.exec.OutputSummary;
import dev.hufu.exec.ProcessInfo;
import dev.hufu.exec.ProcessLauncher;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.ProcessTree;
import dev.hufu.exec.RunningProcess;
import dev.hufu.exec.StopCause;
import dev.hufu.exec.StopPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A machine whose processes are objects of the test. They outlive every agent; attempt files are real, made as the launcher
 * makes them: once.
 */
final class FakeProcessLauncher implements ProcessLauncher {
    /** Something a test puts in the way of a call. */
    @FunctionalInterface
    interface Obstacle {
        Obstacle NONE = _ -> {};

        void meet(Path attemptFile) throws IOException, InterruptedException;
    }

    private final Map<Path, FakeProcess> processes = new ConcurrentHashMap<>();
    private final AtomicInteger launches = new AtomicInteger();
    private final AtomicInteger attachments = new AtomicInteger();
    private volatile Obstacle beforeLaunch = Obstacle.NONE;
    private volatile Obstacle afterLaunch = Obstacle.NONE;
    private volatile Obstacle beforeAttach = Obstacle.NONE;

    /** Comes before the attempt file is made. */
    void beforeLaunch(Obstacle obstacle) {
        beforeLaunch = obstacle;
    }

    /** Comes when the process runs, and before the caller hears of it. */
    void afterLaunch(Obstacle obstacle) {
        afterLaunch = obstacle;
    }

    void beforeAttach(Obstacle obstacle) {
        beforeAttach = obstacle;
    }

    /** How many processes were started. */
    int launches() {
        return launches.get();
    }

    int attachments() {
        return attachments.get();
    }

    Optional<FakeProcess> process(Path attemptFile) {
        return Optional.ofNullable(processes.get(attemptFile));
    }

    List<FakeProcess> processes() {
        return List.copyOf(processes.values());
    }

    @Override
    public RunningProcess launch(ProcessSpec spec) throws IOException {
        meet(beforeLaunch, spec.attemptFile());
        FakeProcess process = start(spec.attemptFile());
        process.spec.complete(spec);
        meet(afterLaunch, spec.attemptFile());
        return new Handle(process);
    }

    /** Starts a process as a launcher does of which no agent knows. */
    FakeProcess start(Path attemptFile) throws IOException {
        Files.createFile(attemptFile);
        FakeProcess process = new FakeProcess(launches.incrementAndGet());
        processes.put(attemptFile, process);
        return process;
    }

    private static void meet(Obstacle obstacle, Path attemptFile) throws IOException {
        try {
            obstacle.meet(attemptFile);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", interrupted);
        }
    }

    @Override
    public Attachment attach(Path attemptFile, Duration patience) throws IOException, InterruptedException {
        beforeAttach.meet(attemptFile);
        if (Files.notExists(attemptFile)) {
            return new Attachment.NeverStarted();
        }
        attachments.incrementAndGet();
        FakeProcess process = processes.get(attemptFile);
        if (process == null) {
            throw new IOException("a file that no launch made: " + attemptFile);
        }
        return process.alive()
                ? new Attachment.Running(new Handle(process))
                : new Attachment.Ended(process.result.resultNow());
    }

    @Override
    public OutputReader output(Path attemptFile) throws IOException {
        throw new IOException("these processes write nothing");
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.REATTACH);
    }

    @Override
    public Isolation isolation() {
        return Isolation.NONE;
    }

    @Override
    public void close() {
        // Processes go on.
    }

    /** A process: ends when the test says so, or when it is told to stop. */
    static final class FakeProcess {
        private final CompletableFuture<ProcessSpec> spec = new CompletableFuture<>();
        private final CompletableFuture<ProcessResult> result = new CompletableFuture<>();
        private final List<StopPolicy> stops = new CopyOnWriteArrayList<>();
        private final BlockingQueue<Consumed> consumed = new LinkedBlockingQueue<>();
        private volatile Runnable beforeConsumed = () -> {};
        private final long pid;
        private volatile boolean obeys = true;
        private volatile boolean killPending;
        private final AtomicInteger looks = new AtomicInteger();
        private final BlockingQueue<String> signals = new LinkedBlockingQueue<>();
        private volatile boolean unreadable;

        private FakeProcess(long pid) {
            this.pid = pid;
        }

        boolean alive() {
            return !result.isDone();
        }

        long pid() {
            return pid;
        }

        ProcessSpec spec() {
            return spec.join();
        }

        List<StopPolicy> stops() {
            return stops;
        }

        /** What it was told that readers have, as it comes. */
        Consumed awaitConsumed() throws InterruptedException {
            Consumed next = consumed.poll(60, TimeUnit.SECONDS);
            if (next == null) {
                throw new AssertionError("nothing was consumed");
            }
            return next;
        }

        boolean hasConsumed() {
            return !consumed.isEmpty();
        }

        /** Comes before the process takes in what was consumed. */
        void beforeConsumed(Runnable obstacle) {
            beforeConsumed = obstacle;
        }

        /** How often somebody looked at its processes. */
        int looks() {
            return looks.get();
        }

        /** The signals it was sent. */
        BlockingQueue<String> signals() {
            return signals;
        }

        void unreadable(boolean whether) {
            unreadable = whether;
        }

        void obeys(boolean whether) {
            obeys = whether;
        }

        void killPending(boolean pending) {
            killPending = pending;
        }

        void exit(int code) {
            end(new ExitStatus.Exited(code), StopCause.NONE);
        }

        void end(ExitStatus status, StopCause cause) {
            result.complete(new ProcessResult(
                    status, cause, Samples.AT, Samples.AT, null, new OutputSummary(0, 0, false, false), null));
        }

        private void stop(StopPolicy policy) {
            stops.add(policy);
            if (obeys) {
                end(new ExitStatus.Signaled(15, false), policy.cause());
            }
        }
    }

    /** What readers have of a process's streams. */
    record Consumed(long stdout, long stderr) {}

    private record Handle(FakeProcess process) implements RunningProcess {
        @Override
        public long pid() {
            return process.pid;
        }

        @Override
        public Optional<Instant> startedAt() {
            return Optional.of(Samples.AT);
        }

        @Override
        public void stop(StopPolicy policy) {
            process.stop(policy);
        }

        @Override
        public void signal(int signal, boolean wholeTree) {
            process.signals.add(signal + (wholeTree ? " to all" : " to one"));
        }

        @Override
        public ProcessTree processes(int atMost) throws IOException {
            process.looks.incrementAndGet();
            if (process.unreadable) {
                throw new IOException("the file cannot be read");
            }
            ProcessInfo main = new ProcessInfo(
                    process.pid,
                    1,
                    "main",
                    List.of("main", "x"),
                    false,
                    ProcessInfo.State.SLEEPING,
                    Duration.ofMillis(10),
                    Duration.ofMillis(20),
                    4_096L,
                    1,
                    "do_wait",
                    null);
            return new ProcessTree(Samples.AT, process.alive() ? List.of(main) : List.of(), false);
        }

        @Override
        public void consumed(long stdout, long stderr) {
            process.beforeConsumed.run();
            process.consumed.add(new Consumed(stdout, stderr));
        }

        @Override
        public ProcessResult awaitExit() throws InterruptedException {
            try {
                return process.result.get();
            } catch (ExecutionException failed) {
                throw new IllegalStateException(failed);
            }
        }

        @Override
        public Optional<ProcessResult> awaitExit(Duration timeout) throws InterruptedException {
            try {
                return Optional.of(process.result.get(timeout.toNanos(), TimeUnit.NANOSECONDS));
            } catch (TimeoutException _) {
                return Optional.empty();
            } catch (ExecutionException failed) {
                throw new IllegalStateException(failed);
            }
        }

        @Override
        public boolean killPending() {
            return process.killPending;
        }

        @Override
        public OutputReader output() throws IOException {
            throw new IOException("these processes write nothing");
        }

        @Override
        public void close() {
            // The process goes on.
        }
    }
}
