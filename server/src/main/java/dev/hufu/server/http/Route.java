package dev.hufu.server.http;

import dev.hufu.server.auth.Permission;
import java.io.IOException;

/** A method on a path, with what it asks of its caller. {@code GET} answers {@code HEAD} too. */
record Route(String method, String path, Permission permission, Action action) {
    /** What a route does. */
    @FunctionalInterface
    interface Action {
        void handle(Exchange exchange) throws IOException, InterruptedException;
    }
}
