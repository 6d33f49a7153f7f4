package dev.hufu.server;

import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.RunIds;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.dispatch.Dispatcher;
import dev.hufu.server.fleet.AgentSessions;
import dev.hufu.server.run.Cancellations;
import dev.hufu.server.run.EnvironmentPolicy;
import dev.hufu.server.run.LifecycleListener;
import dev.hufu.server.run.OrderPolicy;
import dev.hufu.server.run.QueueLimit;
import dev.hufu.server.run.RunWaits;
import dev.hufu.server.run.Submissions;
import dev.hufu.server.run.Tasks;
import dev.hufu.server.run.UserPolicy;
import dev.hufu.server.store.RunRecord;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.TaskRecord;
import dev.hufu.server.store.sqlite.SqliteRunStore;
import dev.hufu.support.Timers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/** A server without its HTTP side, for tests. {@link #close} stops it as the server does. */
public final class Core implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    public final RunStore store;
    public final Tasks tasks;
    public final AgentSessions sessions;
    public final Dispatcher dispatcher;
    public final RunWaits waits;
    public final Submissions submissions;
    public final Cancellations cancellations;
    private final RunStore opened;

    public Core(Path directory, Timers timers) {
        this(directory, timers, UnaryOperator.identity());
    }

    /** @param wrapping what the parts see in place of the store */
    public Core(Path directory, Timers timers, UnaryOperator<RunStore> wrapping) {
        opened = SqliteRunStore.open(directory.resolve("hufu.db"), timers, () -> {});
        store = wrapping.apply(opened);
        waits = new RunWaits(store);
        tasks = new Tasks(store, waits, timers, LifecycleListener.NONE, new Random(7)::nextDouble);
        sessions = new AgentSessions(store, tasks, timers);
        dispatcher = new Dispatcher(store, tasks, sessions, timers);
        RunIds ids = new RunIds(timers::now, new Random());
        opened.newestRun().ifPresent(ids::startAfter);
        submissions = new Submissions(
                store,
                ids,
                timers,
                new OrderPolicy(new EnvironmentPolicy(Set.of()), UserPolicy.NOBODY_ELSE, _ -> Optional.empty()),
                dispatcher,
                new QueueLimit(100_000, 0, timers),
                LifecycleListener.NONE);
        cancellations = new Cancellations(tasks, dispatcher);
    }

    public RunId submit(RunSpec spec) {
        return submissions
                .submit(
                        new Submissions.Order(
                                spec, "token:admin", "0af7651916cd43dd8448eb211c80319c", "00-0af7-b7ad-01", null),
                        _ -> Bytes.EMPTY)
                .run();
    }

    public TaskRecord task(RunId run) {
        return store.task(run.task(0)).orElseThrow();
    }

    public TaskState state(RunId run) {
        return task(run).state();
    }

    /** The run once it has ended. */
    public RunRecord ended(RunId run) throws InterruptedException {
        RunRecord record = waits.awaitEnd(run, PATIENCE).orElseThrow();
        if (!record.progress().state().terminal()) {
            throw new AssertionError("run " + run + " is " + record.progress().state() + " still");
        }
        return record;
    }

    @Override
    public void close() {
        dispatcher.stop();
        sessions.stop();
        opened.close();
    }

    /** Returns once the condition holds. */
    public static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not in time: " + what);
            }
            Thread.sleep(2);
        }
    }
}
