package dev.hufu.agent;

import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.ServerMessage.StartAttempt;
import dev.hufu.protocol.TaskId;
import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows every attempt whose end is not acknowledged, and is the only place where one is accepted: once, and the newest of a
 * task only. Starts a virtual thread for each. Kept by its own lock; {@link #letGo} ends the threads, not the processes.
 */
final class AttemptRegistry {
    private static final Logger LOG = LoggerFactory.getLogger(AttemptRegistry.class);

    /** How long a launch that is under way when the agent stops may take. */
    private static final Duration LAST_LAUNCH = Duration.ofSeconds(10);

    private final AttemptRunner runner;
    private final AttemptJournal journal;
    private final Outbox outbox;
    private final Timers timers;
    private final int capacity;
    private final CompletableFuture<IOException> broken = new CompletableFuture<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final Map<TaskId, NavigableMap<Integer, Attempt>> tasks = new HashMap<>();
    private final Set<Thread> threads = new HashSet<>();
    private int running;
    private boolean closed;

    /** One stretch of an attempt's life, on its own thread. */
    @FunctionalInterface
    private interface Work {
        void on(Attempt attempt) throws IOException, InterruptedException;
    }

    AttemptRegistry(AttemptRunner runner, AttemptJournal journal, Outbox outbox, Timers timers, int capacity) {
        this.runner = runner;
        this.journal = journal;
        this.outbox = outbox;
        this.timers = timers;
        this.capacity = capacity;
    }

    /** Completes when the journal broke; from then on nothing is accepted. */
    CompletableFuture<IOException> broken() {
        return broken;
    }

    /** Attempts that were accepted and have not ended. */
    int running() {
        lock.lock();
        try {
            return running;
        } finally {
            lock.unlock();
        }
    }

    /** Takes over what the journal knows, and returns when it is known how each stands. */
    void recover(List<JournalRecord> records) throws InterruptedException {
        List<Attempt> unknown = new ArrayList<>();
        lock.lock();
        try {
            for (JournalRecord record : records) {
                Attempt attempt = add(record.attempt(), true, List.of());
                switch (record) {
                    case JournalRecord.Starting _ -> {
                        unknown.add(attempt);
                        launchThread(attempt, runner::recover);
                    }
                    case JournalRecord.Ended(AttemptId _, Outcome outcome) -> attempt.end(outcome);
                    case JournalRecord.Acknowledged _ ->
                        throw new IllegalArgumentException("an acknowledged attempt is not live");
                }
            }
        } finally {
            lock.unlock();
        }
        for (Attempt attempt : unknown) {
            attempt.awaitPhase();
        }
    }

    /** Accepts an attempt, once. Whoever offers it again is told how it stands. */
    void start(StartAttempt order) {
        AttemptId id = order.attempt();
        lock.lock();
        try {
            if (closed || broken.isDone()) {
                LOG.info("An attempt is not accepted: the agent takes no more");
                return;
            }
            NavigableMap<Integer, Attempt> attempts = tasks.getOrDefault(id.task(), new TreeMap<>());
            Attempt known = attempts.get(id.number());
            if (known != null) {
                offerAgain(known, order);
                return;
            }
            if (attempts.higherKey(id.number()) != null) {
                LOG.info("An attempt is ignored: a newer one of its task is known");
                return;
            }
            accept(order, unended(attempts));
        } finally {
            lock.unlock();
        }
    }

    private void offerAgain(Attempt known, StartAttempt order) {
        if (known.offer(order)) {
            launchThread(known, runner::run);
        } else {
            known.oweWhereItStands();
            outbox.owe(known);
        }
    }

    private void accept(StartAttempt order, List<Attempt> older) {
        boolean full = running - older.size() >= capacity;
        // A newer attempt of the task is the server's word that nobody listens to the older ones any more.
        for (Attempt attempt : older) {
            LOG.info("Attempt {} is stopped: a newer one of its task is to be started", attempt.id());
            stop(attempt, order.spec().killGrace());
        }
        Attempt attempt = add(order.attempt(), false, older);
        attempt.offer(order);
        if (full) {
            LOG.warn("An attempt is rejected: {} are running, and no more are to", running - 1);
            launchThread(attempt, one -> runner.reject(one, "the node runs as many attempts as it may"));
        } else {
            launchThread(attempt, runner::run);
        }
    }

    /** Stops an attempt; one that nobody knows is kept from ever being started. */
    void stop(AttemptId id, Duration grace) {
        lock.lock();
        try {
            if (closed || broken.isDone()) {
                LOG.info("A stop is left to the next agent: this one takes no more");
                return;
            }
            Attempt known = tasks.getOrDefault(id.task(), new TreeMap<>()).get(id.number());
            if (known != null) {
                stop(known, grace);
                return;
            }
            Attempt attempt = add(id, false, List.of());
            attempt.requestStop(grace);
            launchThread(attempt, runner::run);
        } finally {
            lock.unlock();
        }
    }

    private void stop(Attempt attempt, Duration grace) {
        if (attempt.requestStop(grace)) {
            launchThread(attempt, runner::run);
        } else if (attempt.hasEnded()) {
            attempt.oweWhereItStands();
            outbox.owe(attempt);
        }
    }

    /** Readers have that much of its output; without effect where the attempt is not known. Does not wait. */
    void outputRead(AttemptId id, long stdout, long stderr) {
        find(id).map(Attempt::readPositions)
                .filter(positions -> positions.advance(stdout, stderr))
                .ifPresent(positions ->
                        Threads.virtual("read-" + id, positions::tell).start());
    }

    /** The process of an attempt; empty where the attempt is not known. */
    Optional<LiveProcess> live(AttemptId id) {
        return find(id).map(Attempt::live);
    }

    /** Whether an attempt of this task was accepted and has not ended. */
    boolean atWork(TaskId task) {
        lock.lock();
        try {
            return !unended(tasks.getOrDefault(task, new TreeMap<>())).isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private Optional<Attempt> find(AttemptId id) {
        lock.lock();
        try {
            NavigableMap<Integer, Attempt> attempts = tasks.get(id.task());
            return Optional.ofNullable(attempts == null ? null : attempts.get(id.number()));
        } finally {
            lock.unlock();
        }
    }

    /** The server keeps the end: forgets the attempt. Without effect where it has not ended, or is forgotten. */
    void acknowledge(AttemptId id) {
        lock.lock();
        try {
            NavigableMap<Integer, Attempt> attempts = tasks.get(id.task());
            Attempt known = attempts == null ? null : attempts.get(id.number());
            if (attempts == null || known == null || !known.acknowledge()) {
                LOG.debug("Nothing to acknowledge");
                return;
            }
            attempts.remove(id.number());
            if (attempts.isEmpty()) {
                tasks.remove(id.task());
            }
        } finally {
            lock.unlock();
        }
        journal.acknowledged(id);
    }

    /** How each attempt stands; each then owes the server just that. */
    List<AgentMessage.Known> known() {
        List<AgentMessage.Known> known = new ArrayList<>();
        for (Attempt attempt : all()) {
            known.add(attempt.known());
            attempt.oweWhereItStands();
            outbox.owe(attempt);
        }
        return known;
    }

    /** Lets go of all attempts, and returns when no thread is at one any more. */
    void letGo() throws InterruptedException {
        List<Thread> last;
        lock.lock();
        try {
            closed = true;
            last = List.copyOf(threads);
        } finally {
            lock.unlock();
        }
        all().forEach(Attempt::letGo);
        long deadline = timers.nanoTime() + LAST_LAUNCH.toNanos();
        for (Thread thread : last) {
            if (!thread.join(Duration.ofNanos(Math.max(1, deadline - timers.nanoTime())))) {
                // What it launched, if anything, is found by the next agent.
                thread.interrupt();
            }
        }
        for (Thread thread : last) {
            thread.join();
        }
        all().forEach(Attempt::silence);
    }

    private List<Attempt> all() {
        lock.lock();
        try {
            List<Attempt> all = new ArrayList<>(tasks.size());
            tasks.values().forEach(attempts -> all.addAll(attempts.values()));
            return all;
        } finally {
            lock.unlock();
        }
    }

    private static List<Attempt> unended(NavigableMap<Integer, Attempt> attempts) {
        return attempts.values().stream().filter(attempt -> !attempt.hasEnded()).toList();
    }

    private Attempt add(AttemptId id, boolean recovered, List<Attempt> older) {
        Attempt attempt = new Attempt(id, recovered, older, this::freeSlot);
        tasks.computeIfAbsent(id.task(), _ -> new TreeMap<>()).put(id.number(), attempt);
        running++;
        return attempt;
    }

    private void freeSlot() {
        lock.lock();
        try {
            running--;
        } finally {
            lock.unlock();
        }
    }

    private void launchThread(Attempt attempt, Work work) {
        Thread thread = Threads.virtual("attempt-" + attempt.id(), () -> work(attempt, work));
        threads.add(thread);
        thread.start();
    }

    private void work(Attempt attempt, Work work) {
        try (LogContext _ = LogContext.of(attempt.id())) {
            work.on(attempt);
        } catch (InterruptedException _) {
            LOG.debug("Let go of; what was started goes on without this agent");
        } catch (IOException failed) {
            if (broken.complete(failed)) {
                LOG.error("The journal is broken; no attempt is accepted any more", failed);
            }
        } catch (RuntimeException | Error unforeseen) {
            // It keeps its slot: what became of it is for the next agent to find out.
            LOG.error("An attempt was left where it is by an error of the agent", unforeseen);
        } finally {
            attempt.lookedAt();
            forget(Thread.currentThread());
        }
    }

    private void forget(Thread thread) {
        lock.lock();
        try {
            threads.remove(thread);
        } finally {
            lock.unlock();
        }
    }
}
