package dev.hufu.agent;

import dev.hufu.exec.Errno;
import dev.hufu.exec.LaunchStage;
import dev.hufu.exec.ProcessLauncher;
import dev.hufu.exec.ProcessLauncher.Attachment;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.RunningProcess;
import dev.hufu.exec.StartGate;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Outcome.Ending;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.ServerMessage.StartAttempt;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes an attempt from its order, or from what a former agent left of it, to its end. {@link #run} is the life of one
 * virtual thread per attempt; this object keeps nothing of an attempt. It ends early where the attempt is let go of.
 */
final class AttemptRunner {
    private static final Logger LOG = LoggerFactory.getLogger(AttemptRunner.class);

    /** How long a living supervisor may take to answer before it counts as one that runs and is slow. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final int LAUNCH_TRIES = 2;
    private static final Duration WATCH = Duration.ofSeconds(1);
    private static final Duration CLOSE_WATCH = Duration.ofMillis(100);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
    private static final int LONGEST_MESSAGE = 1_024;

    private static final int EIO = 5;

    private final ProcessLauncher launcher;
    private final AttemptJournal journal;
    private final AttemptFiles files;
    private final ProcessSpecs specs;
    private final StartGate gate;
    private final Outbox outbox;
    private final Timers timers;

    AttemptRunner(
            ProcessLauncher launcher,
            AttemptJournal journal,
            AttemptFiles files,
            ProcessSpecs specs,
            StartGate gate,
            Outbox outbox,
            Timers timers) {
        this.launcher = launcher;
        this.journal = journal;
        this.files = files;
        this.specs = specs;
        this.gate = gate;
        this.outbox = outbox;
        this.timers = timers;
    }

    /** What there is of an attempt. */
    private sealed interface Found {
        record Running(RunningProcess process) implements Found {}

        record Ended(Outcome outcome) implements Found {}

        /** No attempt file. */
        record Nothing() implements Found {}
    }

    /**
     * Finds what a former agent left of the attempt, and goes on from there; parks it where nothing was started.
     *
     * @throws InterruptedException if the attempt was let go of
     * @throws IOException if the journal is broken
     */
    void recover(Attempt attempt) throws IOException, InterruptedException {
        Found found = find(attempt, SpawnSubjects.NOT_KNOWN);
        if (!(found instanceof Found.Nothing)) {
            finish(attempt, conclude(attempt, found, SpawnSubjects.NOT_KNOWN));
        } else if (!attempt.park()) {
            run(attempt);
        }
    }

    /**
     * Carries the attempt out, or sees to it that it is never started.
     *
     * @throws InterruptedException if the attempt was let go of
     * @throws IOException if the journal is broken
     */
    void run(Attempt attempt) throws IOException, InterruptedException {
        finish(attempt, carryOut(attempt));
    }

    /** As {@link #run}, for an attempt that this agent will not start. */
    void reject(Attempt attempt, String reason) throws IOException, InterruptedException {
        finish(attempt, neverStart(attempt, new Ending.Rejected(reason), !attempt.recovered()));
    }

    private void finish(Attempt attempt, Outcome outcome) throws IOException, InterruptedException {
        journal.ended(attempt.id(), outcome);
        attempt.end(outcome);
        outbox.owe(attempt);
        LOG.debug("Ended: {}", outcome);
    }

    private Outcome carryOut(Attempt attempt) throws IOException, InterruptedException {
        StartAttempt order = attempt.order().orElse(null);
        Optional<Ending> obstacle = obstacle(attempt, order);
        if (order == null || obstacle.isPresent()) {
            return neverStart(attempt, obstacle.orElseGet(Ending.NeverStarted::new), !attempt.recovered());
        }
        Optional<StartGate.Permit> turn = awaitTurn(attempt);
        if (turn.isEmpty()) {
            return neverStart(attempt, new Ending.NeverStarted(), !attempt.recovered());
        }
        try (StartGate.Permit permit = turn.get()) {
            return launch(attempt, order, permit);
        }
    }

    /** Why it must not be started now. */
    private Optional<Ending> obstacle(Attempt attempt, @Nullable StartAttempt order) {
        if (attempt.stopRequested()) {
            return Optional.of(new Ending.NeverStarted());
        }
        return order != null && timers.now().isAfter(order.expiresAt())
                ? Optional.of(new Ending.Expired())
                : Optional.empty();
    }

    /** Makes the start durable and waits for its turn; empty where the attempt was stopped meanwhile. */
    private Optional<StartGate.Permit> awaitTurn(Attempt attempt) throws IOException, InterruptedException {
        try {
            for (Attempt older : attempt.olderOnes()) {
                attempt.awaitUnlessStopped(() -> {
                    older.awaitEnd();
                    return older;
                });
            }
            if (!attempt.recovered()) {
                journal.starting(attempt.id(), timers.now());
            }
            return Optional.of(attempt.awaitUnlessStopped(gate::enter));
        } catch (InterruptedException stopped) {
            attempt.checkLetGo();
            return Optional.empty();
        }
    }

    private Outcome launch(Attempt attempt, StartAttempt order, StartGate.Permit permit) throws InterruptedException {
        // The wait took its time.
        Optional<Ending> obstacle = obstacle(attempt, order);
        if (obstacle.isPresent()) {
            return neverStart(attempt, obstacle.get(), !attempt.recovered());
        }
        Path checkpoint;
        try {
            checkpoint = files.checkpoints().prepare(attempt.id().task(), specs.user(order.spec()));
        } catch (IOException failed) {
            LOG.warn("What the attempts of a task share cannot be made", failed);
            return neverStart(attempt, spawnFailed("checkpoint", failed), !attempt.recovered());
        }
        ProcessSpec spec;
        try {
            files.prepareDirectory(attempt.id());
            spec = specs.spec(order, files.path(attempt.id()), timers.now(), checkpoint);
        } catch (IllegalArgumentException unfit) {
            LOG.warn("An order cannot be carried out", unfit);
            Ending rejected = new Ending.Rejected(brief("the order cannot be carried out", unfit));
            return neverStart(attempt, rejected, !attempt.recovered());
        } catch (IOException failed) {
            LOG.warn("The directory of an attempt cannot be made", failed);
            return neverStart(attempt, spawnFailed(LaunchStage.ATTEMPT_FILE, failed), !attempt.recovered());
        }
        attempt.dropOrder();
        SpawnSubjects subjects = SpawnSubjects.of(spec);
        Found found = launch(attempt, spec, subjects);
        permit.executed(found instanceof Found.Running(RunningProcess process) ? process.pid() : 0);
        return conclude(attempt, found, subjects);
    }

    /** Launches it. A stop request from here on is kept, and told to the process as soon as there is one. */
    private Found launch(Attempt attempt, ProcessSpec spec, SpawnSubjects subjects) throws InterruptedException {
        Exception failure = null;
        for (int tries = 0; tries < LAUNCH_TRIES && !attempt.stopRequested(); tries++) {
            try {
                return new Found.Running(launcher.launch(spec));
            } catch (FileAlreadyExistsException launchedBefore) {
                return find(attempt, subjects);
            } catch (IOException | RuntimeException unreachable) {
                // Whether it was started, only the attempt file can say.
                LOG.warn("The launcher could not be reached", unreachable);
                failure = unreachable;
                Found found = find(attempt, subjects);
                if (!(found instanceof Found.Nothing)) {
                    return found;
                }
            }
        }
        Ending ending = failure == null || attempt.stopRequested()
                ? new Ending.NeverStarted()
                : spawnFailed(LaunchStage.FORK, failure);
        return new Found.Ended(neverStart(attempt, ending, false));
    }

    /** Follows it to its end. */
    private Outcome conclude(Attempt attempt, Found found, SpawnSubjects subjects) throws InterruptedException {
        Found current = found;
        while (true) {
            switch (current) {
                case Found.Ended(Outcome outcome) -> {
                    return outcome;
                }
                case Found.Nothing() -> {
                    return outcome(new Ending.Unknown(
                            Reason.RECORD_DAMAGED, "the attempt file was removed while the attempt was under way"));
                }
                case Found.Running(RunningProcess process) -> {
                    Optional<ProcessResult> result = follow(attempt, process);
                    if (result.isPresent()) {
                        return OutcomeMapper.outcome(result.get(), subjects);
                    }
                    pause(attempt, FIRST_PAUSE);
                    current = find(attempt, subjects);
                }
            }
        }
    }

    /** Waits for the end; empty where the launcher does not follow the process any more. */
    private Optional<ProcessResult> follow(Attempt attempt, RunningProcess process) throws InterruptedException {
        try (process) {
            attempt.live().follow(process);
            if (attempt.readPositions().follow(process)) {
                attempt.readPositions().tell();
            }
            boolean unreachable = false;
            while (true) {
                boolean started = reportStart(attempt, process);
                Optional<IOException> undelivered = deliverStop(attempt, process);
                if (undelivered.isPresent() && !unreachable) {
                    LOG.warn("A process could not be told to stop; it is tried until it can be", undelivered.get());
                }
                unreachable = undelivered.isPresent();
                Duration watch = started && !unreachable ? WATCH : CLOSE_WATCH;
                Optional<ProcessResult> result = awaitExit(attempt, process, watch);
                if (result.isPresent()) {
                    return result;
                }
                if (attempt.killPending(process.killPending())) {
                    outbox.owe(attempt);
                }
            }
        } catch (IllegalStateException notFollowed) {
            attempt.checkLetGo();
            LOG.warn("A process is not followed any more; it is looked for", notFollowed);
            return Optional.empty();
        } finally {
            attempt.live().leave();
            attempt.readPositions().leave();
        }
    }

    private boolean reportStart(Attempt attempt, RunningProcess process) {
        Optional<Instant> startedAt = process.startedAt();
        if (startedAt.isPresent() && attempt.running(startedAt.get(), process.pid())) {
            outbox.owe(attempt);
        }
        return startedAt.isPresent();
    }

    private static Optional<IOException> deliverStop(Attempt attempt, RunningProcess process) {
        try {
            attempt.deliverStop(process);
            return Optional.empty();
        } catch (IOException unreachable) {
            return Optional.of(unreachable);
        }
    }

    private static Optional<ProcessResult> awaitExit(Attempt attempt, RunningProcess process, Duration atMost)
            throws InterruptedException {
        try {
            return attempt.awaitUnlessStopped(() -> process.awaitExit(atMost));
        } catch (InterruptedException stopped) {
            attempt.checkLetGo();
            return Optional.empty();
        }
    }

    /**
     * Makes sure that the attempt is never started, and says so; where it was, follows it instead.
     *
     * @param certain whether nobody can have launched it, even if its file cannot be claimed
     */
    private Outcome neverStart(Attempt attempt, Ending ending, boolean certain) throws InterruptedException {
        Outcome never = outcome(ending);
        Duration pause = FIRST_PAUSE;
        while (true) {
            try {
                if (files.claim(attempt.id(), never)) {
                    return never;
                }
            } catch (IOException failed) {
                LOG.warn("The file of an attempt that is not to be started cannot be claimed", failed);
                if (certain) {
                    return never;
                }
            }
            Found found = find(attempt, SpawnSubjects.NOT_KNOWN);
            if (!(found instanceof Found.Nothing)) {
                return conclude(attempt, found, SpawnSubjects.NOT_KNOWN);
            }
            pause(attempt, pause);
            pause = longer(pause);
        }
    }

    /** Looks at the attempt file until there is an answer. */
    private Found find(Attempt attempt, SpawnSubjects subjects) throws InterruptedException {
        Duration pause = FIRST_PAUSE;
        while (true) {
            try {
                return attempt.awaitUnlessLetGo(() -> look(attempt, subjects));
            } catch (IOException | RuntimeException unanswered) {
                attempt.checkLetGo();
                if (pause.equals(FIRST_PAUSE)) {
                    LOG.warn("What became of an attempt cannot be found out; it is tried until it can", unanswered);
                }
            }
            attempt.lookedAt();
            pause(attempt, pause);
            pause = longer(pause);
        }
    }

    private Found look(Attempt attempt, SpawnSubjects subjects) throws IOException, InterruptedException {
        Optional<Outcome> never = files.claimed(attempt.id());
        if (never.isPresent()) {
            return new Found.Ended(never.get());
        }
        return switch (launcher.attach(files.path(attempt.id()), PATIENCE)) {
            case Attachment.Running(RunningProcess process) -> new Found.Running(process);
            case Attachment.Ended(ProcessResult result) -> new Found.Ended(OutcomeMapper.outcome(result, subjects));
            case Attachment.NeverStarted() -> new Found.Nothing();
        };
    }

    private void pause(Attempt attempt, Duration pause) throws InterruptedException {
        attempt.awaitUnlessLetGo(() -> {
            timers.sleep(pause);
            return pause;
        });
    }

    private static Duration longer(Duration pause) {
        Duration doubled = pause.multipliedBy(2);
        return doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
    }

    private Outcome outcome(Ending ending) {
        return new Outcome(ending, Outcome.StopCause.NONE, null, timers.now(), null, Outcome.Output.NONE, null);
    }

    private static Ending spawnFailed(LaunchStage stage, Exception cause) {
        return spawnFailed(stage.word(), cause);
    }

    private static Ending spawnFailed(String stage, Exception cause) {
        return new Ending.SpawnFailed(Errno.name(EIO), stage, brief(Errno.text(EIO), cause));
    }

    private static String brief(String what, Exception cause) {
        String message = what + ": " + cause.getMessage();
        return message.length() <= LONGEST_MESSAGE ? message : message.substring(0, LONGEST_MESSAGE) + "…";
    }
}
