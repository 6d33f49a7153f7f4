package dev.hufu.server.maintenance;

import dev.hufu.server.audit.Checkpoint;
import dev.hufu.server.audit.CheckpointKey;
import dev.hufu.server.config.CheckpointConfig;
import dev.hufu.server.store.AuditEntry;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.support.Service;
import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs how far the audit log has come: every so many entries, or after so long, where something was added. A virtual thread
 * looks once a second. {@link #stop} signs the rest, so that an orderly end leaves nothing unsigned.
 */
public final class Checkpoints implements Service {
    public static final String FILE = "audit-checkpoints.jsonl";

    /** The names of all that there can be. */
    public static final List<String> RECEIVERS = List.of("webhook", "syslog");

    private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final RunStore store;
    private final Path data;
    private final CheckpointConfig config;
    private final CheckpointFile file;
    private final List<CheckpointDelivery> deliveries = new ArrayList<>();
    private final Timers timers;
    private final AtomicLong failures = new AtomicLong();
    private final Semaphore wake = new Semaphore(0);
    private final Thread thread;
    private volatile long signed;
    private volatile boolean stopping;
    private @Nullable CheckpointKey key;
    private boolean begun;
    private boolean toldOfFailure;
    private long waitingSince;
    private boolean waiting;

    /** @param data the data directory, for the key, and the file where none is named */
    public Checkpoints(RunStore store, Path data, CheckpointConfig config, Timers timers) {
        this(store, data, config, receivers(config, timers), timers);
    }

    Checkpoints(RunStore store, Path data, CheckpointConfig config, List<CheckpointReceiver> receivers, Timers timers) {
        this.store = store;
        this.data = data;
        this.config = config;
        this.timers = timers;
        Path named = config.file();
        file = new CheckpointFile(named == null ? data.resolve(FILE) : named);
        receivers.forEach(each -> deliveries.add(new CheckpointDelivery(file, each, data, timers)));
        thread = Threads.virtual("checkpoints", this::loop);
    }

    private static List<CheckpointReceiver> receivers(CheckpointConfig config, Timers timers) {
        List<CheckpointReceiver> receivers = new ArrayList<>();
        if (config.webhook() != null) {
            receivers.add(new Webhook(config.webhook()));
        }
        if (config.syslog() != null) {
            receivers.add(new Syslog(config.syslog(), timers));
        }
        return receivers;
    }

    /** The sequence of the entry that was signed last; 0 before there is one. */
    public long signed() {
        return signed;
    }

    /** How often a checkpoint could not be made or kept. */
    public long failures() {
        return failures.get();
    }

    /** How often a checkpoint did not reach the receiver of this name. */
    public long failures(String receiver) {
        return deliveries.stream()
                .filter(each -> each.name().equals(receiver))
                .mapToLong(CheckpointDelivery::failures)
                .sum();
    }

    @Override
    public void start() {
        thread.start();
        deliveries.forEach(CheckpointDelivery::start);
    }

    @Override
    public void stop() {
        if (stopping) {
            return;
        }
        stopping = true;
        wake.release();
        if (thread.getState() != Thread.State.NEW) {
            try {
                thread.join();
            } catch (InterruptedException hurried) {
                Thread.currentThread().interrupt();
            }
        }
        deliveries.forEach(CheckpointDelivery::stop);
    }

    private void loop() {
        try {
            boolean last;
            do {
                Timers.Scheduled look = timers.schedule(LOOK, wake::release);
                wake.acquire();
                look.cancel();
                last = stopping;
                look(last);
            } while (!last);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }

    /** Looks whether it is time, or in any case at the end. */
    void look(boolean last) {
        try {
            begin();
            Optional<AuditEntry> newest = store.newestAuditEntry();
            if (newest.isEmpty() || newest.get().sequence() <= signed) {
                waiting = false;
                return;
            }
            if (!waiting) {
                waiting = true;
                waitingSince = timers.nanoTime();
            }
            if (last
                    || newest.get().sequence() - signed >= config.every()
                    || timers.nanoTime() - waitingSince >= config.interval().toNanos()) {
                sign(newest.get());
            }
            toldOfFailure = false;
        } catch (IOException failed) {
            failures.incrementAndGet();
            if (!toldOfFailure) {
                toldOfFailure = true;
                LOG.error("The audit log could not be signed; it is tried again: {}", String.valueOf(failed));
            }
        } catch (StoreUnavailableException unavailable) {
            LOG.debug("The audit log could not be read, and is signed later", unavailable);
        }
    }

    private void sign(AuditEntry newest) throws IOException {
        Checkpoint checkpoint = key().sign(newest.sequence(), newest.hash(), timers.now());
        file.append(checkpoint);
        signed = newest.sequence();
        waiting = false;
        deliveries.forEach(CheckpointDelivery::wake);
    }

    private CheckpointKey key() throws IOException {
        CheckpointKey known = key;
        if (known == null) {
            known = CheckpointKey.open(data);
            key = known;
        }
        return known;
    }

    /** Goes on where the last server ended. What does not fit its last checkpoint is for people to explain. */
    private void begin() throws IOException {
        if (begun) {
            return;
        }
        key();
        Optional<Checkpoint> last = file.last();
        if (last.isPresent()) {
            List<AuditEntry> entry = store.auditEntries(last.get().sequence(), 1);
            if (!entry.isEmpty()
                    && entry.getFirst().sequence() == last.get().sequence()
                    && entry.getFirst().hash().equals(last.get().hash())) {
                signed = last.get().sequence();
            } else {
                failures.incrementAndGet();
                LOG.error(
                        "The audit log is not the one of which entry {} was signed: it was changed, or is an older copy."
                                + " 'hufu audit verify' says more",
                        last.get().sequence());
            }
        }
        begun = true;
    }
}
