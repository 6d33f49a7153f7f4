package dev.hufu.server.store;

import java.io.Serial;

/** The store cannot do this now. Nothing was written, or whether it was is unknown; the caller tells by reading. */
public final class StoreUnavailableException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    public StoreUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
