package dev.hufu.server;

import java.io.Serial;

/** The server does not start; the message says why and what to do, in one line. */
public final class StartRefusedException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    public StartRefusedException(String message) {
        super(message);
    }

    public StartRefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
