package dev.hufu.server.http;

import dev.hufu.server.audit.AuditAction;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.support.Timers;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts requests with missing or wrong credentials on record: the first of an address at once, the others of its minute as one
 * entry with their number, so that nobody can fill the audit log by knocking. Thread-safe; minutes end on threads of the timers.
 */
final class FailedLogins {
    private static final Logger LOG = LoggerFactory.getLogger(FailedLogins.class);
    private static final Duration WINDOW = Duration.ofMinutes(1);
    /** Whoever has more addresses than this shares one line. */
    private static final int ADDRESSES = 64;

    private static final String OTHERS = "others";

    private final RunStore store;
    private final Timers timers;
    private final Map<Knock, Window> open = new HashMap<>();

    /** Who knocked, and with what. */
    private record Knock(String address, boolean credentialsGiven) {}

    /** What came after the first; guarded by the lock of all. */
    private static final class Window {
        private final Instant since;
        private long more;

        Window(Instant since) {
            this.since = since;
        }
    }

    FailedLogins(RunStore store, Timers timers) {
        this.store = store;
        this.timers = timers;
    }

    void record(String remoteAddress, boolean credentialsGiven) {
        Knock knock = new Knock(remoteAddress, credentialsGiven);
        Instant now = timers.now();
        synchronized (open) {
            if (!open.containsKey(knock) && open.size() >= ADDRESSES) {
                knock = new Knock(OTHERS, credentialsGiven);
            }
            Window window = open.get(knock);
            if (window != null) {
                window.more++;
                return;
            }
            open.put(knock, new Window(now));
        }
        Knock first = knock;
        timers.schedule(WINDOW, () -> close(first));
        if (!write(now, first, 1)) {
            count(first, now, 1);
        }
    }

    /** Nothing is left uncounted. */
    void stop() {
        Map<Knock, Window> rest;
        synchronized (open) {
            rest = Map.copyOf(open);
            open.clear();
        }
        rest.forEach((knock, window) -> {
            if (window.more > 0) {
                write(window.since, knock, window.more);
            }
        });
    }

    private void close(Knock knock) {
        Window window;
        synchronized (open) {
            window = open.remove(knock);
        }
        if (window != null && window.more > 0 && !write(window.since, knock, window.more)) {
            count(knock, window.since, window.more);
            timers.schedule(WINDOW, () -> close(knock));
        }
    }

    /** Keeps what could not be written for the end of the minute. */
    private void count(Knock knock, Instant since, long more) {
        synchronized (open) {
            open.computeIfAbsent(knock, _ -> new Window(since)).more += more;
        }
    }

    private boolean write(Instant since, Knock knock, long count) {
        try {
            store.record(AuditEvent.of(
                    timers.now(),
                    "anonymous",
                    AuditAction.LOGIN_FAILED,
                    "api",
                    Map.of(
                            "address",
                            knock.address(),
                            "credentials",
                            knock.credentialsGiven() ? "wrong" : "missing",
                            "count",
                            Long.toString(count),
                            "since",
                            since.toString())));
            return true;
        } catch (StoreUnavailableException unavailable) {
            // The caller gets its 401 all the same: it must not learn from it how the store is.
            LOG.warn("Failed logins could not be recorded; they are counted", unavailable);
            return false;
        }
    }
}
