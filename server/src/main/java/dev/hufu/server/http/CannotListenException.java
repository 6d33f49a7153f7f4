package dev.hufu.server.http;

import java.io.Serial;
import java.net.InetSocketAddress;

/** The address is taken, not ours, or not allowed. */
public final class CannotListenException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    CannotListenException(InetSocketAddress address, Throwable cause) {
        super(
                "cannot listen on " + address.getAddress().getHostAddress() + ":" + address.getPort() + ": "
                        + reason(cause),
                cause);
    }

    private static String reason(Throwable failure) {
        Throwable deepest = failure;
        while (deepest.getCause() != null) {
            deepest = deepest.getCause();
        }
        return String.valueOf(deepest.getMessage());
    }
}
