package dev.hufu.client;

import dev.hufu.client.HttpCalls.Request;
import dev.hufu.support.Timers;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lines of an answer that goes on, asked for again where it broke off: over broken connections and restarts of the server, for
 * as long as an outage is borne. For one thread; any other may close it.
 */
final class LiveLines implements AutoCloseable {
    /** The server says something each second. */
    static final Duration SILENCE = Duration.ofSeconds(10);

    private static final Duration BEFORE_ANOTHER = Duration.ofMillis(200);

    private final Retrying retrying;
    private final Timers timers;
    private final String server;
    private final Duration outage;
    private final boolean endless;
    private final Supplier<Request> request;
    private volatile @Nullable Lines lines;
    private volatile boolean closed;
    private int connections;

    /** Makes lines that belong to one client. */
    interface Opener {
        LiveLines apply(boolean endless, Supplier<Request> request);
    }

    /**
     * Nothing is asked for yet.
     *
     * @param endless whether an answer that ends has broken off, because a line of its own tells the end
     * @param request asks for what comes after the last line that was used
     */
    LiveLines(
            Retrying retrying,
            Timers timers,
            String server,
            Duration outage,
            boolean endless,
            Supplier<Request> request) {
        this.retrying = retrying;
        this.timers = timers;
        this.server = server;
        this.outage = outage;
        this.endless = endless;
        this.request = request;
    }

    /** Waits for the next line, which is empty where the server only says that it is there; null at the end. */
    byte @Nullable [] next() throws InterruptedException {
        long heard = timers.nanoTime();
        Duration pause = Retrying.SHORTEST;
        while (true) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            Lines current = opened();
            IOException broken;
            try {
                byte[] line = current.next();
                if (line != null || !endless) {
                    return line;
                }
                broken = new EOFException("the answer ended early");
            } catch (IOException failure) {
                broken = failure;
            }
            drop(current);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            checkOpen();
            if (timers.nanoTime() - heard > outage.toNanos()) {
                throw Retrying.unreachable(server, broken);
            }
            timers.sleep(Retrying.spread(pause));
            pause = pause.multipliedBy(2).compareTo(Retrying.LONGEST) > 0 ? Retrying.LONGEST : pause.multipliedBy(2);
        }
    }

    /** Leaves the connection, whose server said that it stops; the next line comes from another one. */
    void leave() throws InterruptedException {
        Lines current = lines;
        if (current != null) {
            drop(current);
        }
        timers.sleep(Retrying.spread(BEFORE_ANOTHER));
    }

    /** Whether {@link #next} returns at once. */
    boolean ready() {
        Lines current = lines;
        try {
            return current != null && current.ready();
        } catch (IOException broken) {
            // The next read meets it, too, and deals with it.
            return false;
        }
    }

    /** Grows with each connection: what was heard in part on the last one comes again. */
    int connections() {
        return connections;
    }

    private Lines opened() throws InterruptedException {
        Lines current = lines;
        if (current == null) {
            checkOpen();
            current = retrying.send(request.get(), server).lines();
            lines = current;
            connections++;
            if (closed) {
                current.close();
                checkOpen();
            }
        }
        return current;
    }

    private void drop(Lines current) {
        lines = null;
        current.close();
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("closed");
        }
    }

    @Override
    public void close() {
        closed = true;
        Lines current = lines;
        if (current != null) {
            current.close();
        }
    }
}
