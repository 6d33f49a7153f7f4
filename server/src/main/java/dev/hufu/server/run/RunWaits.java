package dev.hufu.server.run;

import dev.hufu.protocol.RunId;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Lets callers wait for a run's end. Holds an entry only for runs somebody waits for; the store is asked after registering,
 * so that an end just before is not missed.
 */
public final class RunWaits {
    private final ConcurrentHashMap<RunId, CompletableFuture<RunRecord>> waiting = new ConcurrentHashMap<>();
    private final RunStore store;

    public RunWaits(RunStore store) {
        this.store = store;
    }

    /** Called after every committed change of a run. */
    void changed(RunRecord run) {
        if (!run.progress().state().terminal()) {
            return;
        }
        CompletableFuture<RunRecord> future = waiting.remove(run.id());
        if (future != null) {
            future.complete(run);
        }
    }

    /** Ends every wait at once; each caller answers with the run as it is. For drain. */
    public void releaseAll() {
        waiting.forEach((id, future) -> {
            if (waiting.remove(id, future)) {
                future.cancel(false);
            }
        });
    }

    /** The run once it is terminal, or as it is when the time is over; empty where there is none. */
    public Optional<RunRecord> awaitEnd(RunId id, Duration limit) throws InterruptedException {
        CompletableFuture<RunRecord> future = waiting.computeIfAbsent(id, _ -> new CompletableFuture<>());
        Optional<RunRecord> now = store.run(id);
        if (now.isEmpty() || now.get().progress().state().terminal()) {
            waiting.remove(id, future);
            future.cancel(false);
            return now;
        }
        try {
            return Optional.of(future.get(limit.toNanos(), TimeUnit.NANOSECONDS));
        } catch (TimeoutException | java.util.concurrent.CancellationException over) {
            return store.run(id);
        } catch (ExecutionException impossible) {
            throw new IllegalStateException("nobody fails a wait", impossible);
        }
    }
}
