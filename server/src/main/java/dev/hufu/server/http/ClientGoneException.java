package dev.hufu.server.http;

import java.io.Serial;

/** Nobody is there any more to be answered; the container closes the connection. */
final class ClientGoneException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    ClientGoneException(Throwable cause) {
        super("the client went away", cause);
    }
}
