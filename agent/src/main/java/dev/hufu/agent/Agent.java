package dev.hufu.agent;

import dev.hufu.exec.OutputReader;
import dev.hufu.exec.ProcessLauncher;
import dev.hufu.exec.StartGate;
import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.codec.RecordCodec;
import dev.hufu.support.Service;
import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out attempts on this node for a server. Owns journal, outbox and a virtual thread for each attempt; link and
 * launcher are given, and the link is closed with it. {@link #stop} lets go of what runs: it goes on, and the next agent on
 * the same data directory finds it again.
 */
public final class Agent implements Service {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);

    private enum Life {
        NEW,
        STARTED,
        STOPPED
    }

    private final AgentConfig config;
    private final AgentLink link;
    private final ProcessLauncher launcher;
    private final AttemptJournal journal;
    private final String version;
    private final AttemptFiles files;
    private final Outbox outbox;
    private final AttemptRegistry registry;
    private final Calls calls;

    private final ReentrantLock lifecycle = new ReentrantLock();
    private Life life = Life.NEW;

    /**
     * @param launcher closed by whoever made it, after {@link #stop}
     * @param version of this program, for the server
     */
    public Agent(AgentConfig config, AgentLink link, ProcessLauncher launcher, Timers timers, String version) {
        this(
                config,
                link,
                launcher,
                new FileAttemptJournal(config.dataDirectory().resolve("journal")),
                timers,
                version);
    }

    Agent(
            AgentConfig config,
            AgentLink link,
            ProcessLauncher launcher,
            AttemptJournal journal,
            Timers timers,
            String version) {
        this.config = config;
        this.link = link;
        this.launcher = launcher;
        this.journal = journal;
        this.version = version;
        files = new AttemptFiles(config.dataDirectory());
        outbox = new Outbox(link, timers, this::greeting);
        AttemptRunner runner = new AttemptRunner(
                launcher,
                journal,
                files,
                new ProcessSpecs(NodeUser.current(), config.allowPrivilegeGain()),
                new StartGate(config.maxStarting(), timers::now),
                outbox,
                timers);
        registry = new AttemptRegistry(runner, journal, outbox, timers, config.maxRunning());
        calls = new Calls(registry, link, timers);
    }

    /**
     * Finds again what a former agent left, then opens the link.
     *
     * @throws UncheckedIOException if the journal is damaged or in use by another agent; the message says which file
     */
    @Override
    public void start() {
        lifecycle.lock();
        try {
            if (life != Life.NEW) {
                throw new IllegalStateException("an agent is started once");
            }
            life = Life.STARTED;
            recover();
            outbox.start();
            link.open(this::receive, outbox::connected);
        } finally {
            lifecycle.unlock();
        }
    }

    private void recover() {
        try {
            List<JournalRecord> left = journal.open();
            registry.recover(left);
            if (!left.isEmpty()) {
                LOG.info("Attempts of before: {}; still running: {}", left.size(), registry.running());
            }
        } catch (IOException refused) {
            throw new UncheckedIOException(refused.getMessage(), refused);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while attempts of before were looked for", interrupted);
        }
    }

    @Override
    public void stop() {
        lifecycle.lock();
        try {
            Life before = life;
            life = Life.STOPPED;
            if (before == Life.STARTED) {
                stopParts();
            }
        } finally {
            lifecycle.unlock();
        }
    }

    /** No new messages, then nobody who writes the journal, then the journal. */
    private void stopParts() {
        link.close();
        try {
            registry.letGo();
            outbox.stop();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            LOG.warn("Interrupted while stopping; threads of attempts may be left");
        } finally {
            journal.close();
        }
    }

    private List<AgentMessage> greeting() {
        List<AgentMessage> greeting = new ArrayList<>();
        greeting.add(new AgentMessage.Hello(
                config.node(),
                version,
                config.maxRunning(),
                NodeFacts.of(launcher.capabilities(), launcher.isolation()),
                registry.known()));
        try {
            List<TaskId> kept = files.checkpoints().tasks();
            if (!kept.isEmpty()) {
                greeting.add(new AgentMessage.Keeps(kept));
            }
        } catch (IOException unreadable) {
            LOG.warn("What tasks of before left cannot be listed; it stays until the next greeting", unreadable);
        }
        return greeting;
    }

    /** Removes what may be much, then goes on: an end that is not acknowledged by then is told again, and this done again. */
    private void inBackground(TaskId task, Runnable then) {
        Threads.virtual("tidy-" + task, () -> {
                    removeCheckpoint(task);
                    then.run();
                })
                .start();
    }

    /** What the attempts of a task shared goes, unless one of them is at work still. */
    private void removeCheckpoint(TaskId task) {
        if (registry.atWork(task)) {
            LOG.info("What the attempts of {} share stays: one of them has not ended", task);
            return;
        }
        try {
            files.checkpoints().remove(task);
        } catch (IOException | RuntimeException failed) {
            LOG.warn("What the attempts of {} shared cannot be removed", task, failed);
        }
    }

    private void receive(byte[] encoded) {
        ServerMessage message;
        try {
            message = RecordCodec.cbor().decode(encoded, ServerMessage.class);
        } catch (IllegalArgumentException malformed) {
            LOG.warn("A malformed message of {} bytes is ignored", encoded.length, malformed);
            return;
        }
        switch (message) {
            case ServerMessage.StartAttempt start -> {
                try (LogContext _ = LogContext.of(start.attempt())) {
                    registry.start(start);
                }
            }
            case ServerMessage.StopAttempt stop -> {
                try (LogContext _ = LogContext.of(stop.attempt())) {
                    registry.stop(stop.attempt(), stop.grace());
                }
            }
            case ServerMessage.OutputRead read -> registry.outputRead(read.attempt(), read.stdout(), read.stderr());
            case ServerMessage.ListProcesses call -> calls.take(call);
            case ServerMessage.SendSignal call -> calls.take(call);
            case ServerMessage.Acknowledged acknowledged -> {
                try (LogContext _ = LogContext.of(acknowledged.attempt())) {
                    if (acknowledged.taskEnded()) {
                        inBackground(acknowledged.attempt().task(), () -> registry.acknowledge(acknowledged.attempt()));
                    } else {
                        registry.acknowledge(acknowledged.attempt());
                    }
                }
            }
            case ServerMessage.TaskEnded ended -> inBackground(ended.task(), () -> {});
        }
    }

    /** How a run can name this process's own user: by name or number. */
    public static Set<String> ownUser() {
        NodeUser own = NodeUser.current();
        return Set.copyOf(List.of(own.name(), own.id()));
    }

    /** How many attempts may run at once. */
    public int capacity() {
        return config.maxRunning();
    }

    /** How many attempts were accepted and have not ended. */
    public int running() {
        return registry.running();
    }

    /**
     * Completes, with the cause, when the disk failed the journal. From then on nothing is accepted and no end is reported;
     * what runs goes on. The remedy is a new start of the program.
     */
    public CompletionStage<IOException> broken() {
        return registry.broken();
    }

    /** A reader of an attempt's output, which the caller closes; empty where the attempt was never started here. */
    public Optional<OutputReader> output(AttemptId attempt) throws IOException {
        Path file = files.path(attempt);
        if (Files.notExists(file) || files.claimed(attempt).isPresent()) {
            return Optional.empty();
        }
        try {
            return Optional.of(launcher.output(file));
        } catch (NoSuchFileException _) {
            return Optional.empty();
        }
    }
}
