package dev.hufu.server;

import dev.hufu.agent.Agent;
import dev.hufu.agent.AgentConfig;
import dev.hufu.exec.Isolation;
import dev.hufu.exec.LauncherConfig;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.RunIds;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.server.auth.Tokens;
import dev.hufu.server.config.ServerConfig;
import dev.hufu.server.config.TlsConfig;
import dev.hufu.server.dispatch.Dispatcher;
import dev.hufu.server.fleet.AgentSessions;
import dev.hufu.server.fleet.Fleet;
import dev.hufu.server.fleet.Nodes;
import dev.hufu.server.http.Api;
import dev.hufu.server.http.CannotListenException;
import dev.hufu.server.http.HttpConfig;
import dev.hufu.server.http.HttpServer;
import dev.hufu.server.maintenance.Checkpoints;
import dev.hufu.server.metrics.Metrics;
import dev.hufu.server.output.OutputPulse;
import dev.hufu.server.output.OutputStore;
import dev.hufu.server.output.Outputs;
import dev.hufu.server.run.Cancellations;
import dev.hufu.server.run.EnvironmentPolicy;
import dev.hufu.server.run.OrderPolicy;
import dev.hufu.server.run.QueueLimit;
import dev.hufu.server.run.RequestBounds;
import dev.hufu.server.run.Retries;
import dev.hufu.server.run.RunActions;
import dev.hufu.server.run.RunWaits;
import dev.hufu.server.run.Submissions;
import dev.hufu.server.run.Tasks;
import dev.hufu.server.run.UserPolicy;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.server.tls.Certificates;
import dev.hufu.support.RuntimeFiles;
import dev.hufu.support.Service;
import dev.hufu.support.SystemTimers;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The composition root: makes every part, starts them from the store upwards and stops them from the port downwards, here
 * and nowhere else. {@link #stop} returns when all have ended; what runs goes on under its supervisors.
 */
public final class HufuServer implements Service {
    private static final Logger LOG = LoggerFactory.getLogger(HufuServer.class);
    private static final String AGENT_DIRECTORY = "agent";
    private static final String RELOADS = "Certificates that were there anew, by what became of them.";
    private static final String LAUNCHER_LOG = "launcher.log";

    private final ServerConfig config;
    private final DataDirectoryLock lock;
    private final Tokens tokens;
    private final SystemTimers timers = new SystemTimers();
    private final RunStore store;
    private final BooleanSupplier reserveSpent;
    private final RunWaits waits;
    private final AgentSessions sessions;
    private final Dispatcher dispatcher;
    private final Submissions submissions;
    private final LocalNode node;
    private final OutputPulse pulse;
    private final ServerRecord record;
    private final Checkpoints checkpoints;
    private final HttpServer http;
    private final Optional<Certificates> certificates;
    private final Metrics metrics;
    private final RuntimeWatch runtime;
    private boolean started;
    private boolean stopped;

    /**
     * Takes the data directory and opens what lies in it.
     *
     * @param version of this program
     * @param onBroken called, on any thread, when a disk failed so that nothing may be accepted any more
     * @param onReplaced called, on any thread, when this process runs from files that were replaced, and is to be started again
     * @throws StartRefusedException where it is not safe, or not possible, to start
     */
    public HufuServer(ServerConfig config, String version, Runnable onBroken, Runnable onReplaced) {
        this.config = config;
        refuseUnsafe(config);
        certificates = certificates(config, timers);
        metrics = new Metrics(version);
        runtime = new RuntimeWatch(config.runtime(), RuntimeFiles.ofThisProcess(), timers, onReplaced);
        lock = refusing(() -> DataDirectoryLock.acquire(config.data()));
        try {
            tokens = refusing(() -> openTokens(config.data()));
            Stores.Opened opened = refusing(() -> Stores.open(config, timers, onBroken, metrics.store()));
            store = opened.store();
            reserveSpent = opened.reserveSpent();
        } catch (StartRefusedException refused) {
            lock.close();
            throw refused;
        }
        RunIds ids = new RunIds(timers::now, new SecureRandom());
        store.newestRun().ifPresent(ids::startAfter);
        waits = new RunWaits(store);
        Tasks tasks = new Tasks(
                store,
                waits,
                timers,
                metrics.runs(),
                () -> ThreadLocalRandom.current().nextDouble());
        sessions = new AgentSessions(store, tasks, timers);
        dispatcher = new Dispatcher(store, tasks, sessions, timers);
        submissions = new Submissions(
                store,
                ids,
                timers,
                orderPolicy(config, sessions),
                dispatcher,
                new QueueLimit(config.queue().capacity(), config.queue().heldRefusals(), timers),
                metrics.runs());
        node = new LocalNode(
                agentConfig(config), launcherConfig(config), version, sessions, timers, _ -> onBroken.run());
        RunActions runs = new RunActions(
                submissions,
                waits,
                new Cancellations(tasks, dispatcher),
                new Retries(store, submissions),
                new RequestBounds(
                        config.execution().largestOutput(),
                        config.execution().defaultLimits(),
                        config.execution().largestLimits()));
        OutputStore outputs = node.output();
        pulse = new OutputPulse(outputs, timers);
        Api api = new Api(
                runs,
                store,
                new Outputs(outputs, pulse, this::outputRead),
                Fleet.of(sessions, store, timers),
                tokens,
                new Api.Self(metrics::exposition, runtime::notice),
                timers);
        http = new HttpServer(httpConfig(config), api, timers, metrics.requests());
        record = new ServerRecord(store, config, version, timers);
        checkpoints = new Checkpoints(store, config.data(), config.audit().checkpoint(), timers);
        addGauges();
    }

    private void addGauges() {
        metrics.gauge("hufu.queue.tasks", "Tasks that wait for a slot.", store::pendingTasks);
        metrics.gauge(
                "hufu.queue.capacity.tasks",
                "Tasks that may wait.",
                () -> config.queue().capacity());
        metrics.gauge(
                "hufu.queue.oldest.age.seconds",
                "How long the first task of the queue waits; 0 for none.",
                () -> store.oldestPending(Submissions.LOCAL_NODE)
                        .map(since -> Duration.between(since, timers.now()).toMillis() / 1_000.0)
                        .orElse(0.0));
        metrics.gauge("hufu.tasks.active", "Attempts that are dispatched or running.", dispatcher::active);
        metrics.gauge(
                "hufu.tasks.active.limit",
                "Attempts that may run at once.",
                () -> config.execution().maxRunning());
        metrics.gauge(
                "hufu.store.reserve.spent",
                "1 while the volume is full and nothing new is begun, else 0.",
                () -> reserveSpent.getAsBoolean() ? 1 : 0);
        metrics.gauge(
                "hufu.runtime.replaced",
                "1 while the server runs from files that were replaced, else 0.",
                () -> runtime.notice().isPresent() ? 1 : 0);
        metrics.gauge(
                "hufu.tls.certificate.expiry.timestamp.seconds",
                "When the certificate ends, in seconds since 1970; not a number without TLS.",
                () -> certificates
                        .map(each -> (double) each.expiresAt().getEpochSecond())
                        .orElse(Double.NaN));
        metrics.gauge(
                "hufu.audit.signed.sequence",
                "The entry of the audit log that the newest checkpoint is of; 0 for none yet.",
                checkpoints::signed);
        String failures = "Checkpoints of the audit log that could not be kept, or did not arrive, each try counted.";
        metrics.counter("hufu.audit.checkpoint.failures", failures, "to", "file", checkpoints::failures);
        for (String receiver : Checkpoints.RECEIVERS) {
            metrics.counter(
                    "hufu.audit.checkpoint.failures", failures, "to", receiver, () -> checkpoints.failures(receiver));
        }
        metrics.counter(
                "hufu.tls.reloads",
                RELOADS,
                "result",
                "taken",
                () -> certificates.map(Certificates::reloads).orElse(0L));
        metrics.counter(
                "hufu.tls.reloads",
                RELOADS,
                "result",
                "refused",
                () -> certificates.map(Certificates::failures).orElse(0L));
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
            pulse.start();
            certificates.ifPresent(Certificates::start);
            runtime.start();
            // Beside each other: one waits for a process to start, the other loads a thousand classes.
            Beginning beginning = Beginning.of("hufu-node-start", node::start);
            Beginning onRecord = Beginning.of("hufu-start-record", record::started);
            try {
                http.start();
            } finally {
                beginning.await();
                onRecord.await();
            }
            checkpoints.start();
            refuseLimitsThatCannotBeKept();
        } catch (StartRefusedException refused) {
            stop();
            throw refused;
        } catch (UncheckedIOException | CannotListenException failed) {
            stop();
            throw new StartRefusedException(String.valueOf(failed.getMessage()), failed);
        }
        // Where it listens is said on stdout, once.
        LOG.info("The data is in {}", config.data());
    }

    /** A run that says nothing would be refused for what the file says. */
    private void refuseLimitsThatCannotBeKept() {
        RunSpec.Resources wanted =
                config.execution().defaultLimits().or(config.execution().largestLimits());
        Isolation node = this.node.isolation();
        refuseUnkept("memory", wanted.memory(), node.memory());
        refuseUnkept("cpu", wanted.cpu(), node.cpu());
        refuseUnkept("pids", wanted.pids(), node.processes());
        refuseUnkept("files", wanted.files(), node.openFiles());
    }

    private static void refuseUnkept(String key, @Nullable Number limit, Isolation.Mechanism mechanism) {
        if (limit != null && mechanism == Isolation.Mechanism.UNAVAILABLE) {
            throw new StartRefusedException("the file asks for execution.defaultLimits." + key
                    + " or execution.largestLimits." + key
                    + ", which this machine cannot keep; 'hufu doctor' says why. Take it out, or mend the machine");
        }
    }

    private static OrderPolicy orderPolicy(ServerConfig config, AgentSessions sessions) {
        return new OrderPolicy(
                new EnvironmentPolicy(config.execution().allowedEnvironment()),
                new UserPolicy(Agent.ownUser(), config.execution().users()),
                node -> Nodes.abilities(sessions, node));
    }

    /**
     * Looks at what a start would look at before it touches anything.
     *
     * @throws StartRefusedException where a server would not start so
     */
    public static void check(ServerConfig config) {
        refuseUnsafe(config);
        launcherConfig(config);
        certificates(config, new SystemTimers());
    }

    /** Where requests are accepted, as in {@code http://127.0.0.1:7433}. */
    public String address() {
        InetAddress host = config.listen().address().getAddress();
        String name = host instanceof Inet6Address ? "[" + brief(host.getHostAddress()) + "]" : host.getHostAddress();
        return (certificates.isPresent() ? "https://" : "http://") + name + ":" + http.port();
    }

    /** An address of version 6 as people write it: zeros in a row are left out once. */
    private static String brief(String address) {
        return address.replaceFirst("(^|:)(0(:|$)){2,}", "::");
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
                () -> certificates.ifPresent(Certificates::stop),
                runtime::stop,
                dispatcher::stop,
                node::stop,
                sessions::stop,
                record::stopped,
                checkpoints::stop,
                timers::stop,
                store::close,
                lock::close);
        for (Runnable each : order) {
            try {
                each.run();
            } catch (RuntimeException | LinkageError failed) {
                // A class cannot be found where its archive was written over.
                LOG.error("A part did not stop cleanly; the rest is stopped all the same", failed);
            }
        }
        LOG.info("Stopped");
    }

    private void outputRead(String to, AttemptId attempt, long stdout, long stderr) {
        sessions.send(to, new ServerMessage.OutputRead(attempt, stdout, stderr));
    }

    private static void refuseUnsafe(ServerConfig config) {
        InetAddress address = config.listen().address().getAddress();
        if (!address.isLoopbackAddress() && config.listen().tls() == null) {
            throw new StartRefusedException("listening on " + address.getHostAddress()
                    + " would send tokens unencrypted: give --tls-cert and --tls-key (or listen.tls in the file),"
                    + " or listen on 127.0.0.1 and reach it through a tunnel or a proxy on this machine");
        }
    }

    private static Optional<Certificates> certificates(ServerConfig config, Timers timers) {
        TlsConfig tls = config.listen().tls();
        return tls == null
                ? Optional.empty()
                : Optional.of(refusing(
                        () -> Certificates.open(tls.certificate(), tls.key(), tls.reload(), tls.warnBefore(), timers)));
    }

    private HttpConfig httpConfig(ServerConfig config) {
        return new HttpConfig(
                config.listen().address(),
                config.limits().body(),
                config.limits().bodiesAtOnce(),
                config.listen().idleTimeout(),
                certificates.map(Certificates::context).orElse(null));
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
                config.execution().maxRunning(),
                config.execution().maxStarting(),
                config.execution().allowPrivilegeGain());
    }

    private static LauncherConfig launcherConfig(ServerConfig config) {
        try {
            return LauncherConfig.defaults()
                    .withLog(config.data().resolve(LAUNCHER_LOG))
                    .withKeepCapabilities(config.execution().keepCapabilities())
                    // The agent has a gate of its own, which a stop gets through.
                    .withStartsAtOnce(0);
        } catch (IllegalArgumentException unknown) {
            throw new StartRefusedException("execution.keepCapabilities: " + unknown.getMessage(), unknown);
        }
    }
}
