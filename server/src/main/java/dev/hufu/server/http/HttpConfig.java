package dev.hufu.server.http;

import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * How the API is offered.
 *
 * @param address where to listen; port 0 picks one
 * @param bodyLimit the largest body, in bytes
 * @param idleTimeout after which a connection that says nothing is closed; does not count while a request is worked on
 */
public record HttpConfig(InetSocketAddress address, int bodyLimit, Duration idleTimeout) {
    public static final int DEFAULT_BODY_LIMIT = 1 << 20;
    public static final Duration DEFAULT_IDLE_TIMEOUT = Duration.ofSeconds(30);

    public static HttpConfig at(InetSocketAddress address) {
        return new HttpConfig(address, DEFAULT_BODY_LIMIT, DEFAULT_IDLE_TIMEOUT);
    }
}
