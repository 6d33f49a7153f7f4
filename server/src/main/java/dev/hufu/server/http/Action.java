package dev.hufu.server.http;

import java.io.IOException;

/** What a route does. */
@FunctionalInterface
interface Action {
    void handle(Exchange exchange) throws IOException, InterruptedException;
}
