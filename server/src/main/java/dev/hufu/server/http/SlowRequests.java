package dev.hufu.server.http;

import dev.hufu.support.Timers;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.Connection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes connections that say just enough not to be idle: bytes came in two periods that follow each other, and no request was
 * complete in either. So a request has one period to arrive, and at most two. Looks at all of them once a period; thread-safe.
 */
final class SlowRequests implements Connection.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(SlowRequests.class);

    private record Progress(long bytes, long requests, boolean slow) {}

    private final Timers timers;
    private final Duration period;
    private final Map<Connection, Progress> open = new ConcurrentHashMap<>();
    private Timers.@Nullable Scheduled next;
    private boolean stopped;

    SlowRequests(Timers timers, Duration period) {
        this.timers = timers;
        this.period = period;
    }

    synchronized void start() {
        if (!stopped) {
            next = timers.schedule(period, this::round);
        }
    }

    synchronized void stop() {
        stopped = true;
        if (next != null) {
            next.cancel();
        }
    }

    @Override
    public void onOpened(Connection connection) {
        open.put(connection, new Progress(0, 0, false));
    }

    @Override
    public void onClosed(Connection connection) {
        open.remove(connection);
    }

    private void round() {
        open.forEach((connection, before) -> {
            long bytes = connection.getBytesIn();
            long requests = connection.getMessagesIn();
            boolean slow = bytes > before.bytes() && requests == before.requests();
            if (slow && before.slow()) {
                LOG.info(
                        "A request that arrives too slowly is cut off: {}",
                        connection.getEndPoint().getRemoteSocketAddress());
                open.remove(connection);
                connection.getEndPoint().close();
            } else {
                open.replace(connection, before, new Progress(bytes, requests, slow));
            }
        });
        start();
    }
}
