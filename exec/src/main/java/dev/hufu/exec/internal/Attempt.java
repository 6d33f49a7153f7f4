package dev.hufu.exec.internal;

import dev.hufu.exec.OutputReader;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ProcessTree;
import dev.hufu.exec.RunningProcess;
import dev.hufu.exec.Signals;
import dev.hufu.exec.StartGate;
import dev.hufu.exec.StopCause;
import dev.hufu.exec.StopPolicy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One attempt that runs. A thread of its own reads what the supervisor says; where the connection is lost it watches the
 * attempt's file and connects again, until the attempt has ended or {@link #close} lets go of it. Any thread may use it.
 */
final class Attempt implements RunningProcess {
    private static final long FIRST_PAUSE_MILLIS = 1;
    private static final long LONGEST_PAUSE_MILLIS = 500;
    private static final long END_ON_ITS_WAY_MILLIS = 200;

    private final Path file;
    private final String marker;
    private final Recovery recovery;
    private final Consumer<Attempt> afterwards;
    private final CompletableFuture<ProcessResult> result = new CompletableFuture<>();
    private final CompletableFuture<Void> reached = new CompletableFuture<>();
    private final CountDownLatch released = new CountDownLatch(1);
    private volatile @Nullable Connection connection;
    private volatile Identity identity;
    private volatile Retention retention = Retention.NOTHING;
    private final AtomicReference<Consumed> consumed = new AtomicReference<>(Consumed.NOTHING);
    private volatile boolean killPending;
    private volatile StartGate.@Nullable Permit permit;

    /** What readers have of the streams. */
    private record Consumed(long stdout, long stderr) {
        static final Consumed NOTHING = new Consumed(0, 0);

        Consumed and(Consumed other) {
            return new Consumed(Math.max(stdout, other.stdout), Math.max(stderr, other.stderr));
        }
    }

    /** Who the main process is; zeros where that is not known yet. */
    record Identity(long pid, long startRealtime) {}

    /**
     * @param marker empty where only the file knows it
     * @param afterwards is told when it ended or was let go of
     */
    Attempt(Path file, String marker, Identity identity, Recovery recovery, Consumer<Attempt> afterwards) {
        this.file = file;
        this.marker = marker;
        this.identity = identity;
        this.recovery = recovery;
        this.afterwards = afterwards;
    }

    /** Follows a launch whose STARTED was received. */
    void follow(Connection launched, Retention kept, ThreadFactory threads) {
        retention = kept;
        connection = launched;
        start(threads);
    }

    /** It has a permit to start, to be given back when its start is over. */
    void holds(StartGate.Permit start) {
        permit = start;
        start.executed(identity.pid());
        if (result.isDone()) {
            start.close();
        }
    }

    /** Looks for the supervisor of an attempt of before. */
    void search(ThreadFactory threads) {
        start(threads);
    }

    /** Waits until the supervisor was reached, or the attempt has ended, for at most that long. */
    void awaitReached(Duration patience) throws InterruptedException {
        try {
            reached.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            // It goes on being looked for.
        } catch (ExecutionException e) {
            throw new IllegalStateException("attempt is not followed any more", e.getCause());
        }
    }

    Optional<ProcessResult> resultNow() {
        return result.isDone() ? Optional.of(resultOf(result)) : Optional.empty();
    }

    private void start(ThreadFactory threads) {
        threads.newThread(this::watch).start();
    }

    private void watch() {
        try {
            long pause = FIRST_PAUSE_MILLIS;
            while (released.getCount() > 0 && !result.isDone()) {
                if (listen()) {
                    pause = FIRST_PAUSE_MILLIS;
                }
                if (result.isDone()) {
                    return;
                }
                // A supervisor that is reached but never answers sensibly is asked ever more rarely, too.
                if (!lookAgain() || pause > FIRST_PAUSE_MILLIS) {
                    released.await(pause, TimeUnit.MILLISECONDS);
                }
                pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            result.completeExceptionally(e);
        } catch (RuntimeException | Error e) {
            result.completeExceptionally(e);
            throw e;
        } finally {
            close();
        }
    }

    /** Reads answers until the connection ends, by which time the result is mostly there; true where one was understood. */
    private boolean listen() {
        Connection current = connection;
        if (current == null) {
            return false;
        }
        boolean understood = false;
        try (current) {
            Answer answer = current.receive();
            while (answer != null) {
                accept(answer);
                understood = true;
                answer = result.isDone() ? null : current.receive();
            }
        } catch (IOException e) {
            // Whatever the reason, the attempt's file now tells how it stands.
        }
        connection = null;
        return understood;
    }

    private void accept(Answer answer) throws MalformedException {
        switch (answer) {
            case Answer.Ended(ExitRecord record) -> end(record.result(retention));
            case Answer.KillPending(int survivors, long _) -> killPending = survivors > 0;
            case Answer.Attached(long pid, long startRealtime) -> {
                identity = new Identity(pid, startRealtime);
                reached.complete(null);
                tellConsumed();
            }
            case Answer.Started _, Answer.Refused _, Answer.Swept _ ->
                throw new MalformedException("unexpected answer " + answer);
        }
    }

    /** Looks at the file and acts on it; true where there is something new: a result or a connection. */
    private boolean lookAgain() {
        try {
            return switch (recovery.find(file)) {
                case Recovery.Finding.Ended(ProcessResult ended) -> {
                    end(ended);
                    yield true;
                }
                case Recovery.Finding.Alive(AttemptHeader header) -> header != null && reconnect(header);
                case Recovery.Finding.Lost lost -> settle(lost);
                case Recovery.Finding.Missing() -> settle(Recovery.FILE_GONE);
            };
        } catch (IOException e) {
            // No descriptors, no launcher, a supervisor not there yet: the next look may fare better.
            return false;
        }
    }

    private boolean reconnect(AttemptHeader header) throws IOException {
        retention = header.layout().retention();
        Connection fresh = recovery.reach(header);
        try {
            // Before anyone else can send: only who begins with this is listened to.
            fresh.send(Requests.attach());
        } catch (IOException e) {
            fresh.close();
            throw e;
        }
        connection = fresh;
        if (released.getCount() == 0) {
            fresh.close();
            return false;
        }
        return true;
    }

    private boolean settle(Recovery.Finding.Lost lost) throws IOException {
        if (!recovery.sweep(marker, lost.header())) {
            killPending = true;
            return false;
        }
        end(recovery.unknown(lost));
        return true;
    }

    private void end(ProcessResult ended) {
        killPending = false;
        giveBackPermit();
        result.complete(ended);
        reached.complete(null);
    }

    private void giveBackPermit() {
        StartGate.Permit start = permit;
        if (start != null) {
            start.close();
        }
    }

    @Override
    public long pid() {
        return identity.pid();
    }

    @Override
    public Optional<Instant> startedAt() {
        long start = identity.startRealtime();
        return start == 0 ? Optional.empty() : Optional.of(ExitRecord.instant(start));
    }

    /** Does nothing where it has ended. */
    @Override
    public void stop(StopPolicy policy) throws IOException {
        if (policy.cause() == StopCause.NONE) {
            throw new IllegalArgumentException("a stop needs a cause");
        }
        tell(Requests.stop(policy));
    }

    /** Does nothing where it has ended. */
    @Override
    public void signal(int signal, boolean wholeTree) throws IOException {
        if (signal < 1 || signal > Signals.LAST) {
            throw new IllegalArgumentException("no signal: " + signal);
        }
        tell(Requests.signal(signal, wholeTree));
    }

    @Override
    public ProcessTree processes(int atMost) throws IOException {
        return recovery.processes(file, atMost);
    }

    @Override
    public void consumed(long stdout, long stderr) {
        if (stdout < 0 || stderr < 0) {
            throw new IllegalArgumentException("a position is negative");
        }
        Consumed more = new Consumed(stdout, stderr);
        Consumed before = consumed.getAndUpdate(known -> known.and(more));
        if (!before.and(more).equals(before)) {
            tellConsumed();
        }
    }

    /** Where the supervisor cannot be told now, it is told when it was reached again. */
    private void tellConsumed() {
        Connection current = connection;
        Consumed latest = consumed.get();
        if (current == null || result.isDone() || !retention.isRing() || latest.equals(Consumed.NOTHING)) {
            return;
        }
        try {
            current.send(Requests.consumed(latest.stdout, latest.stderr));
        } catch (IOException e) {
            // Who reads from this connection notices, too, and looks for the supervisor.
        }
    }

    private void tell(ByteBuffer frame) throws IOException {
        if (result.isDone()) {
            return;
        }
        Connection current = connection;
        try {
            if (current == null) {
                throw new IOException("the attempt's supervisor cannot be reached");
            }
            current.send(frame);
        } catch (IOException e) {
            if (!endIsOnItsWay()) {
                throw e;
            }
        }
    }

    private boolean endIsOnItsWay() {
        try {
            result.get(END_ON_ITS_WAY_MILLIS, TimeUnit.MILLISECONDS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }

    @Override
    public ProcessResult awaitExit() throws InterruptedException {
        try {
            result.get();
        } catch (ExecutionException e) {
            // Told below, as for every later call.
        }
        return resultOf(result);
    }

    @Override
    public Optional<ProcessResult> awaitExit(Duration timeout) throws InterruptedException {
        try {
            result.get(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            // Told below, as for every later call.
        }
        return Optional.of(resultOf(result));
    }

    private static ProcessResult resultOf(CompletableFuture<ProcessResult> done) {
        if (done.isCompletedExceptionally()) {
            throw new IllegalStateException("the process is not followed any more", done.exceptionNow());
        }
        return done.resultNow();
    }

    @Override
    public boolean killPending() {
        return killPending;
    }

    @Override
    public OutputReader output() throws IOException {
        return AttemptFiles.output(file);
    }

    @Override
    public void close() {
        released.countDown();
        result.completeExceptionally(new IllegalStateException("closed"));
        reached.complete(null);
        Connection current = connection;
        if (current != null) {
            try {
                current.close();
            } catch (IOException e) {
                // A socket that does not close cleanly is closed all the same.
            }
        }
        giveBackPermit();
        afterwards.accept(this);
    }
}
