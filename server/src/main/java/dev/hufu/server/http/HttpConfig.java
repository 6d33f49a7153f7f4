package dev.hufu.server.http;

import java.net.InetSocketAddress;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * How the API is offered.
 *
 * @param address where to listen; port 0 picks one
 * @param bodyLimit the largest body, in bytes
 * @param bodiesAtOnce what all large bodies that are worked on have together, in bytes
 * @param idleTimeout after which a connection that says nothing is closed; does not count while a request is worked on
 * @param tls null for plain HTTP
 */
public record HttpConfig(
        InetSocketAddress address,
        int bodyLimit,
        long bodiesAtOnce,
        Duration idleTimeout,
        @Nullable SSLContext tls) {
    public static final int DEFAULT_BODY_LIMIT = 1 << 20;
    public static final long DEFAULT_BODIES_AT_ONCE = 16L << 20;
    public static final Duration DEFAULT_IDLE_TIMEOUT = Duration.ofSeconds(30);

    public HttpConfig(InetSocketAddress address, int bodyLimit, Duration idleTimeout) {
        this(address, bodyLimit, DEFAULT_BODIES_AT_ONCE, idleTimeout, null);
    }
}
