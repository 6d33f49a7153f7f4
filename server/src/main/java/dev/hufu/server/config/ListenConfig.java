package dev.hufu.server.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where the API is offered.
 *
 * @param address port 0 picks one
 * @param idleTimeout after which a connection that says nothing is closed
 * @param tls null for plain HTTP
 */
public record ListenConfig(
        InetSocketAddress address,
        Duration idleTimeout,
        @Nullable TlsConfig tls) {
    public static final int DEFAULT_PORT = 7433;
    public static final Duration DEFAULT_IDLE_TIMEOUT = Duration.ofSeconds(30);

    static ListenConfig of(ConfigSection section) {
        return new ListenConfig(
                address(section),
                section.duration("idleTimeout", DEFAULT_IDLE_TIMEOUT, Duration.ofSeconds(1), Duration.ofHours(1)),
                TlsConfig.of(section.section("tls")).orElse(null));
    }

    private static InetSocketAddress address(ConfigSection section) {
        InetSocketAddress fallback = new InetSocketAddress(InetAddress.getLoopbackAddress(), DEFAULT_PORT);
        String must = "must be HOST:PORT, as in 127.0.0.1:" + DEFAULT_PORT;
        Optional<HostAndPort> given = section.text("address", must, ListenConfig::hostAndPort);
        if (given.isEmpty()) {
            return fallback;
        }
        try {
            return new InetSocketAddress(
                    InetAddress.getAllByName(given.get().host())[0], given.get().port());
        } catch (UnknownHostException unknown) {
            section.wrong(
                    "address", "names a host that is not known: " + given.get().host());
            return fallback;
        }
    }

    private record HostAndPort(String host, int port) {}

    private static @Nullable HostAndPort hostAndPort(String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (!bracketed && host.contains(":")) {
            // Which of the colons ends an IPv6 address, nobody can tell.
            return null;
        }
        if (bracketed) {
            host = host.substring(1, host.length() - 1);
        }
        int port = colon < 0 ? -1 : port(text.substring(colon + 1));
        return host.isEmpty() || port < 0 ? null : new HostAndPort(host, port);
    }

    private static int port(String text) {
        boolean digits =
                !text.isEmpty() && text.length() <= 5 && text.chars().allMatch(each -> each >= '0' && each <= '9');
        return digits && Integer.parseInt(text) <= 65_535 ? Integer.parseInt(text) : -1;
    }
}
