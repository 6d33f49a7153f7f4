package dev.hufu.agent;

import dev.hufu.protocol.AttemptId;
import dev.hufu.support.SystemTimers;
import dev.hufu.support.Timers;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A node: its machine and its disk outlive its agents, of which one is at work at a time. */
final class AgentFixture implements AutoCloseable {
    static final int CAPACITY = 8;

    final FakeProcessLauncher machine = new FakeProcessLauncher();
    final MemoryAttemptJournal.Disk disk = new MemoryAttemptJournal.Disk();
    final Path data;
    final Timers timers;
    private final SystemTimers systemTimers = new SystemTimers();
    FakeLink link = new FakeLink();
    private int maxRunning = CAPACITY;
    private int maxStarting = 4;
    private @Nullable Agent agent;

    AgentFixture(Path data) {
        this.data = data;
        this.timers = systemTimers;
        systemTimers.start();
    }

    AgentFixture(Path data, Timers timers) {
        this.data = data;
        this.timers = timers;
    }

    AgentFixture limits(int running, int starting) {
        maxRunning = running;
        maxStarting = starting;
        return this;
    }

    /** A new agent, started. */
    Agent start() {
        return start(new FakeLink(), new MemoryAttemptJournal(disk));
    }

    Agent start(FakeLink newLink, AttemptJournal journal) {
        link = newLink;
        Agent next = agent(newLink, journal);
        agent = next;
        next.start();
        return next;
    }

    Agent agent(AgentLink newLink, AttemptJournal journal) {
        AgentConfig config = new AgentConfig("local", data, maxRunning, maxStarting, false);
        return new Agent(config, newLink, machine, journal, timers, "1");
    }

    /** Ends the agent as kill -9 would: nothing it does from now on reaches the disk. */
    void kill() {
        disk.cutOff();
        stop();
        disk.revive();
    }

    void stop() {
        if (agent != null) {
            agent.stop();
        }
    }

    Path file(AttemptId attempt) {
        return new AttemptFiles(data).path(attempt);
    }

    FakeProcessLauncher.FakeProcess process(AttemptId attempt) {
        return machine.process(file(attempt)).orElseThrow();
    }

    @Override
    public void close() {
        stop();
        systemTimers.stop();
    }
}
