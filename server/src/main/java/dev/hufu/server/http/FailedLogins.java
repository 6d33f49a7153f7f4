package dev.hufu.server.http;

import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.support.Timers;
import java.time.Duration;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts requests with missing or wrong credentials on record: the first ones each, then one a second with the number of those
 * left out, so that nobody can fill the audit log by knocking. Thread-safe; kept by its own lock.
 */
final class FailedLogins {
    private static final Logger LOG = LoggerFactory.getLogger(FailedLogins.class);
    private static final int BURST = 20;
    private static final long REFILL_NANOS = Duration.ofSeconds(1).toNanos();

    private final RunStore store;
    private final Timers timers;
    private long tokens = BURST;
    private long refilledAt;
    private long leftOut;

    FailedLogins(RunStore store, Timers timers) {
        this.store = store;
        this.timers = timers;
        this.refilledAt = timers.nanoTime();
    }

    void record(String remoteAddress, boolean credentialsGiven) {
        long before;
        synchronized (this) {
            refill();
            if (tokens == 0) {
                leftOut++;
                return;
            }
            tokens--;
            before = leftOut;
            leftOut = 0;
        }
        try {
            store.record(new AuditEvent(
                    timers.now(),
                    "anonymous",
                    "login.failed",
                    "api",
                    Map.of(
                            "address",
                            remoteAddress,
                            "credentials",
                            credentialsGiven ? "wrong" : "missing",
                            "leftOutBefore",
                            Long.toString(before))));
        } catch (StoreUnavailableException unavailable) {
            // The caller gets its 401 all the same: it must not learn from it how the store is.
            LOG.warn("a failed login could not be recorded", unavailable);
        }
    }

    private void refill() {
        long passed = (timers.nanoTime() - refilledAt) / REFILL_NANOS;
        if (passed > 0) {
            tokens = Math.min(BURST, tokens + passed);
            refilledAt += passed * REFILL_NANOS;
        }
    }
}
