package dev.hufu.server.store.sql;

import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.server.store.sql.Dialect.Meaning;
import dev.hufu.support.Threads;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells apart what passes (busy, full, out of reach) from what does not (an I/O or sync error, a damaged file). After the latter
 * nothing is written any more: what a failed sync left on the disk is unknown, and a second sync would hide it.
 */
public final class Health {
    private static final Logger LOG = LoggerFactory.getLogger(Health.class);

    private final AtomicReference<@Nullable Throwable> cause = new AtomicReference<>();
    private final Dialect dialect;
    private final Runnable onBroken;

    /** @param onBroken run once, on a thread of its own */
    public Health(Dialect dialect, Runnable onBroken) {
        this.dialect = dialect;
        this.onBroken = onBroken;
    }

    public Meaning meaning(SQLException failure) {
        return dialect.meaning(failure);
    }

    boolean full(SQLException failure) {
        return dialect.full(failure);
    }

    boolean worthOneByOne(SQLException failure) {
        return dialect.worthOneByOne(failure);
    }

    boolean broken() {
        return cause.get() != null;
    }

    public void breakWith(Throwable failure) {
        if (!cause.compareAndSet(null, failure)) {
            return;
        }
        LOG.error("The store is broken; nothing is written any more", failure);
        Threads.virtual("store-broken", onBroken).start();
    }

    public void throwIfBroken() {
        Throwable broken = cause.get();
        if (broken != null) {
            throw new StoreUnavailableException("The store is broken, and nothing is written any more.", broken);
        }
    }

    /** What a caller is to see of an SQL error; notes where it breaks the store. */
    public RuntimeException translated(SQLException failure) {
        return switch (meaning(failure)) {
            case REFUSED -> new IllegalStateException("The store refused it: " + failure.getMessage(), failure);
            case UNAVAILABLE -> new StoreUnavailableException("The store cannot do this now.", failure, full(failure));
            case BROKEN -> {
                breakWith(failure);
                yield new StoreUnavailableException("The store is broken.", failure);
            }
        };
    }
}
