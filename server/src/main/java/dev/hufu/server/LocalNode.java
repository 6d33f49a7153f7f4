package dev.hufu.server;

import dev.hufu.agent.Agent;
import dev.hufu.agent.AgentConfig;
import dev.hufu.exec.Isolation;
import dev.hufu.exec.LauncherConfig;
import dev.hufu.exec.ProcessLauncher;
import dev.hufu.exec.ProcessLaunchers;
import dev.hufu.server.fleet.AgentSessions;
import dev.hufu.server.output.OutputStore;
import dev.hufu.support.Service;
import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server's own machine as a node: an agent in this process, spoken to by encoded messages as any other. Owns the agent,
 * its link and its launcher; {@link #stop} lets go of what runs, which the next server finds again.
 */
final class LocalNode implements Service {
    private static final Logger LOG = LoggerFactory.getLogger(LocalNode.class);

    private final AgentConfig config;
    private final LauncherConfig launcherConfig;
    private final String version;
    private final AgentSessions sessions;
    private final Timers timers;
    private final Consumer<IOException> onBroken;

    private volatile @Nullable Agent agent;
    private @Nullable ProcessLauncher launcher;
    private boolean over;

    /**
     * @param version of this program
     * @param onBroken called when the agent's journal failed for good: the process must be started anew
     */
    LocalNode(
            AgentConfig config,
            LauncherConfig launcherConfig,
            String version,
            AgentSessions sessions,
            Timers timers,
            Consumer<IOException> onBroken) {
        this.config = config;
        this.launcherConfig = launcherConfig;
        this.version = version;
        this.sessions = sessions;
        this.timers = timers;
        this.onBroken = onBroken;
    }

    /** @throws UncheckedIOException with a message for people, where the launcher or the journal fails */
    @Override
    public synchronized void start() {
        if (over || launcher != null) {
            throw new IllegalStateException("a node is started once");
        }
        ProcessLauncher started;
        try {
            started = launcher(launcherConfig, timers, ProcessLaunchers.hasNativeLauncher());
        } catch (IOException failed) {
            throw new UncheckedIOException("The launcher could not be started: " + failed.getMessage(), failed);
        }
        launcher = started;
        Agent made = new Agent(config, new LocalLink(config.node(), sessions), started, timers, version);
        made.broken().thenAccept(onBroken);
        agent = made;
        made.start();
    }

    /** Never silently weaker: what is missing is said here and among the node's facts. */
    static ProcessLauncher launcher(LauncherConfig config, Timers timers, boolean nativeIsThere) throws IOException {
        if (nativeIsThere) {
            return ProcessLaunchers.nativeLauncher(config, timers::now, Threads.virtualFactory("process-"));
        }
        ProcessLauncher fallback = ProcessLaunchers.jdkLauncher(timers::now, Threads.platformFactory("process-"));
        LOG.warn(
                "No native launcher for this system: commands are run by the JDK, do not outlive this process, and a stop"
                        + " reaches only what it finds. Of the launcher's capabilities there are: {}",
                fallback.capabilities());
        return fallback;
    }

    @Override
    public synchronized void stop() {
        over = true;
        if (agent != null) {
            agent.stop();
        }
        if (launcher != null) {
            launcher.close();
        }
    }

    /** What this machine can hold a process to; nothing before the start. */
    synchronized Isolation isolation() {
        return launcher == null ? Isolation.NONE : launcher.isolation();
    }

    /** The output of this node's attempts; empty before the start. */
    OutputStore output() {
        return new LocalOutput(attempt -> {
            Agent started = agent;
            return started == null ? Optional.empty() : started.output(attempt);
        });
    }
}
