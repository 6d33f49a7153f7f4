package dev.hufu.server.store;

import java.io.Serial;

/** The store cannot do this now. Nothing was written, or whether it was is unknown; the caller tells by reading. */
public final class StoreUnavailableException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final boolean full;

    public StoreUnavailableException(String message, Throwable cause) {
        this(message, cause, false);
    }

    /** @param full whether there is no room, so that surely nothing was written */
    public StoreUnavailableException(String message, Throwable cause, boolean full) {
        super(message, cause);
        this.full = full;
    }

    /** Whether there is no room; then surely nothing was written. */
    public boolean full() {
        return full;
    }
}
