package dev.hufu.server;

import dev.hufu.agent.AgentConfig;
import dev.hufu.exec.LauncherConfig;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.RunIds;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.server.auth.Tokens;
import dev.hufu.server.dispatch.Dispatcher;
import dev.hufu.server.fleet.AgentSessions;
import dev.hufu.server.fleet.Nodes;
import dev.hufu.server.http.Api;
import dev.hufu.server.http.CannotListenException;
import dev.hufu.server.http.HttpConfig;
import dev.hufu.server.http.HttpServer;
import dev.hufu.server.output.OutputPulse;
import dev.hufu.server.output.OutputStore;
import dev.hufu.server.output.Outputs;
import dev.hufu.server.run.Cancellations;
import dev.hufu.server.run.EnvironmentPolicy;
import dev.hufu.server.run.Retries;
import dev.hufu.server.run.RunActions;
import dev.hufu.server.run.RunWaits;
import dev.hufu.server.run.Submissions;
import dev.hufu.server.run.Tasks;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.server.store.sqlite.SqliteRunStore;
import dev.hufu.support.Service;
import dev.hufu.support.SystemTimers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The composition root: makes every part, starts them from the store upwards and stops them from the port downwards, here
 * and nowhere else. {@link #stop} returns when all have ended; what runs goes on under its supervisors.
 */
public final class HufuServer implements Service {
    private static final Logger LOG = LoggerFactory.getLogger(HufuServer.class);
    private static final String STORE_FILE = "hufu.db";
    private static final String AGENT_DIRECTORY = "agent";
    private static final String LAUNCHER_LOG = "launcher.log";
    private static final int STARTS_PER_PROCESSOR = 2;

    private final ServerConfig config;
    private final DataDirectoryLock lock;
    private final Tokens tokens;
    private final SystemTimers timers = new SystemTimers();
    private final RunStore store;
    private final RunWaits waits;
    private final AgentSessions sessions;
    private final Dispatcher dispatcher;
    private final Submissions submissions;
    private final LocalNode node;
    private final OutputPulse pulse;
    private final HttpServer http;
    private boolean started;
    private boolean stopped;

    /**
     * Takes the data directory and opens what lies in it.
     *
     * @param version of this program
     * @param onBroken called, on any thread, when a disk failed so that nothing may be accepted any more
     * @throws StartRefusedException where it is not safe, or not possible, to start
     */
    public HufuServer(ServerConfig config, String version, Runnable onBroken) {
        this.config = config;
        refuseUnsafe(config);
        lock = refusing(() -> DataDirectoryLock.acquire(config.data()));
        try {
            tokens = refusing(() -> openTokens(config.data()));
            store = refusing(() -> SqliteRunStore.open(config.data().resolve(STORE_FILE), timers, onBroken));
        } catch (StartRefusedException refused) {
            lock.close();
            throw refused;
        }
        RunIds ids = new RunIds(timers::now, new SecureRandom());
        store.newestRun().ifPresent(ids::startAfter);
        waits = new RunWaits(store);
        Tasks tasks = new Tasks(store, waits, timers);
        sessions = new AgentSessions(store, tasks, timers);
        dispatcher = new Dispatcher(store, tasks, sessions, timers);
        submissions =
                new Submissions(store, ids, timers, new EnvironmentPolicy(Set.of()), dispatcher, config.maxPending());
        node = new LocalNode(
                agentConfig(config), launcherConfig(config), version, sessions, timers, _ -> onBroken.run());
        RunActions runs = new RunActions(
                submissions, waits, new Cancellations(tasks, dispatcher), new Retries(store, submissions));
        OutputStore outputs = node.output();
        pulse = new OutputPulse(outputs, timers);
        Api api = new Api(
                runs,
                store,
                new Outputs(outputs, pulse, this::outputRead),
                new Nodes(sessions, store, timers),
                tokens,
                timers);
        http = new HttpServer(HttpConfig.at(config.listen()), api, timers);
    }

    @Override
    public synchronized void start() {
        if (started || stopped) {
            throw new IllegalStateException("was started or stopped before");
        }
        started = true;
        try {
            timers.start();
            sessions.start();
            dispatcher.start();
            node.start();
            pulse.start();
            http.start();
        } catch (UncheckedIOException | CannotListenException failed) {
            stop();
            throw new StartRefusedException(String.valueOf(failed.getMessage()), failed);
        }
        LOG.info("Ready on {}, data in {}", address(), config.data());
    }

    /** Where requests are accepted, as in {@code http://127.0.0.1:7433}. */
    public String address() {
        InetAddress host = config.listen().getAddress();
        String name = host instanceof Inet6Address ? "[" + host.getHostAddress() + "]" : host.getHostAddress();
        return "http://" + name + ":" + http.port();
    }

    /** The file with the administrator's token. */
    public Path tokenFile() {
        return tokens.file();
    }

    /** New work is refused at once, waiting requests are answered, then everything ends in this order. */
    @Override
    public synchronized void stop() {
        if (stopped) {
            return;
        }
        stopped = true;
        submissions.drain();
        waits.releaseAll();
        try {
            http.drain(config.drain());
        } catch (InterruptedException hurried) {
            // What is being answered is cut off.
            Thread.currentThread().interrupt();
        }
        List<Runnable> order = List.of(
                http::stop,
                pulse::stop,
                dispatcher::stop,
                node::stop,
                sessions::stop,
                timers::stop,
                store::close,
                lock::close);
        for (Runnable each : order) {
            try {
                each.run();
            } catch (RuntimeException failed) {
                LOG.error("A part did not stop cleanly; the rest is stopped all the same", failed);
            }
        }
        LOG.info("Stopped");
    }

    private void outputRead(String to, AttemptId attempt, long stdout, long stderr) {
        sessions.send(to, new ServerMessage.OutputRead(attempt, stdout, stderr));
    }

    private static void refuseUnsafe(ServerConfig config) {
        InetAddress address = config.listen().getAddress();
        if (!address.isLoopbackAddress()) {
            throw new StartRefusedException("--listen " + address.getHostAddress()
                    + " would send tokens unencrypted, and this version has no TLS;"
                    + " listen on 127.0.0.1 and reach it through a tunnel or a proxy with TLS on this machine");
        }
    }

    private static Tokens openTokens(Path data) {
        try {
            return Tokens.open(data);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed.getMessage(), failed);
        }
    }

    private interface Opening<T> {
        T open();
    }

    private static <T> T refusing(Opening<T> opening) {
        try {
            return opening.open();
        } catch (IllegalStateException | UncheckedIOException | StoreUnavailableException failed) {
            throw new StartRefusedException(String.valueOf(failed.getMessage()), failed);
        }
    }

    private static AgentConfig agentConfig(ServerConfig config) {
        return new AgentConfig(
                Submissions.LOCAL_NODE,
                config.data().resolve(AGENT_DIRECTORY),
                config.maxRunning(),
                STARTS_PER_PROCESSOR * Runtime.getRuntime().availableProcessors(),
                false);
    }

    private static LauncherConfig launcherConfig(ServerConfig config) {
        return LauncherConfig.defaults().withLog(config.data().resolve(LAUNCHER_LOG));
    }
}
