package dev.hufu.server.http;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.run.Refusal;
import dev.hufu.support.Timers;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Reads bodies within limits: each up to its largest size and in reasonable time, and all large ones together within a share
 * of the memory, since one costs several times its size until it is stored. Thread-safe.
 */
final class RequestBodies {
    /** Bodies up to here are not counted: most are far smaller, and slow large ones must not keep them out. */
    static final int SMALL = 16 << 10;

    private static final int FIRST_READ = 8 << 10;
    private static final int SHARE_UNIT = 1 << 10;
    private static final int MAXIMUM_WAITING = 256;
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration SLOWEST_START = Duration.ofSeconds(30);
    private static final long SLOWEST_BYTES_PER_SECOND = 16 << 10;

    private final int limit;
    private final Semaphore share;
    private final int wholeShare;
    private final Semaphore waiting = new Semaphore(MAXIMUM_WAITING);
    private final Timers timers;

    /**
     * @param limit bytes of one body
     * @param together bytes of all large bodies that are held at once
     */
    RequestBodies(int limit, long together, Timers timers) {
        this.limit = limit;
        this.timers = timers;
        wholeShare = Math.clamp(together / SHARE_UNIT, 1, Integer.MAX_VALUE);
        share = new Semaphore(wholeShare, true);
    }

    /** What one request holds of the share. Idempotent to close; not for several threads. */
    final class Hold implements AutoCloseable {
        private int units;

        private void take(long bytes) {
            int wanted = (int) Math.min(wholeShare, (bytes + SHARE_UNIT - 1) / SHARE_UNIT);
            if (!share.tryAcquire(wanted)) {
                await(wanted);
            }
            units = wanted;
        }

        @Override
        public void close() {
            share.release(units);
            units = 0;
        }
    }

    Hold hold() {
        return new Hold();
    }

    /**
     * The whole body.
     *
     * @throws IOException where it breaks off or comes too slowly
     * @throws Refusal where it is too large, or there are too many
     */
    byte[] read(HttpServletRequest request, Hold hold) throws IOException {
        long declared = request.getContentLengthLong();
        if (declared > limit) {
            throw tooLarge();
        }
        if (declared > SMALL) {
            hold.take(declared);
        }
        InputStream input = request.getInputStream();
        long begun = timers.nanoTime();
        byte[] body = new byte[declared >= 0 ? (int) declared : FIRST_READ];
        int length = 0;
        while (declared < 0 || length < declared) {
            int count = input.read(body, length, body.length - length);
            if (count < 0) {
                break;
            }
            length += count;
            if (length > limit) {
                throw tooLarge();
            }
            refuseTooSlow(begun, length);
            if (length == body.length && declared < 0) {
                if (length <= SMALL && 2 * length > SMALL) {
                    hold.take(limit);
                }
                body = Arrays.copyOf(body, Math.min(2 * body.length, limit + 1));
            }
        }
        return length == body.length ? body : Arrays.copyOf(body, length);
    }

    private void refuseTooSlow(long begun, int length) throws IOException {
        Duration allowed = SLOWEST_START.plusSeconds(length / SLOWEST_BYTES_PER_SECOND);
        if (timers.nanoTime() - begun > allowed.toNanos()) {
            throw new IOException("the body comes too slowly");
        }
    }

    private void await(int units) {
        if (!waiting.tryAcquire()) {
            throw tooMany();
        }
        try {
            if (!share.tryAcquire(units, PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
                throw tooMany();
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new Refusal(ErrorKind.DRAINING, "The server is shutting down.");
        } finally {
            waiting.release();
        }
    }

    private static Refusal tooMany() {
        return new Refusal(ErrorKind.RATE_LIMITED, "Too many large bodies are being worked on.");
    }

    private Refusal tooLarge() {
        return new Refusal(ErrorKind.PAYLOAD_TOO_LARGE, "The body is over the limit of " + limit + " bytes.");
    }
}
