package dev.hufu.server.store.sqlite;

import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.support.Threads;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * Tells apart what passes (busy, full) from what does not (an I/O or sync error, a damaged file). After the latter nothing
 * is written any more: what a failed sync left on the disk is unknown, and a second sync would hide it.
 */
final class Health {
    private static final Logger LOG = LoggerFactory.getLogger(Health.class);

    /** What an SQL error means for the store. */
    enum Meaning {
        /** The statement was wrong, or the row impossible: only the unit of work fails. */
        REFUSED,
        /** The store cannot do it now. */
        UNAVAILABLE,
        /** The store is never to be written again by this process. */
        BROKEN
    }

    private static final int PRIMARY = 0xff;

    private final AtomicReference<@Nullable Throwable> cause = new AtomicReference<>();
    private final Runnable onBroken;

    /** @param onBroken run once, on a thread of its own */
    Health(Runnable onBroken) {
        this.onBroken = onBroken;
    }

    static Meaning meaning(SQLException failure) {
        if (!(failure instanceof SQLiteException known)) {
            return Meaning.REFUSED;
        }
        SQLiteErrorCode code = known.getResultCode();
        if (code == SQLiteErrorCode.SQLITE_IOERR_SHMSIZE) {
            // Growing the index of the write-ahead log needs room too, and syncs nothing.
            return Meaning.UNAVAILABLE;
        }
        return switch (SQLiteErrorCode.getErrorCode(code.code & PRIMARY)) {
            case SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB -> Meaning.BROKEN;
            case SQLITE_BUSY,
                    SQLITE_LOCKED,
                    SQLITE_NOMEM,
                    SQLITE_READONLY,
                    SQLITE_INTERRUPT,
                    SQLITE_FULL,
                    SQLITE_CANTOPEN,
                    SQLITE_PROTOCOL -> Meaning.UNAVAILABLE;
            default -> Meaning.REFUSED;
        };
    }

    /** Whether there is no room on the volume. */
    static boolean full(SQLException failure) {
        return failure instanceof SQLiteException known
                && (known.getResultCode() == SQLiteErrorCode.SQLITE_IOERR_SHMSIZE
                        || SQLiteErrorCode.getErrorCode(known.getResultCode().code & PRIMARY)
                                == SQLiteErrorCode.SQLITE_FULL);
    }

    boolean broken() {
        return cause.get() != null;
    }

    void breakWith(Throwable failure) {
        if (!cause.compareAndSet(null, failure)) {
            return;
        }
        LOG.error("The store is broken; nothing is written any more", failure);
        Threads.virtual("store-broken", onBroken).start();
    }

    void throwIfBroken() {
        Throwable broken = cause.get();
        if (broken != null) {
            throw new StoreUnavailableException("The store is broken, and nothing is written any more.", broken);
        }
    }

    /** What a caller is to see of an SQL error; notes where it breaks the store. */
    RuntimeException translated(SQLException failure) {
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
