package dev.hufu.server.http.stream;

import jakarta.servlet.ServletRequest;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One answer that goes on. The request's own thread writes and waits; anybody may wake it. It is over when the client is
 * gone, or when the server ends all streams. Holds no output: who writes to it waits until the client takes it.
 */
public final class OpenStream extends OutputStream {
    private final Streams owner;
    private final OutputStream target;
    private final Runnable closed;
    private final ClientConnection connection;
    private final Semaphore wakes = new Semaphore(0);
    private final AtomicBoolean woken = new AtomicBoolean();
    private volatile boolean ending;

    OpenStream(Streams owner, ServletRequest request, OutputStream target, Runnable closed) {
        this.owner = owner;
        this.target = target;
        this.closed = closed;
        this.connection = ClientConnection.of(request, this::wake);
    }

    /** There may be something to send. */
    public void wake() {
        if (woken.compareAndSet(false, true)) {
            wakes.release();
        }
    }

    /**
     * Waits to be woken.
     *
     * @return false where that did not happen in time
     */
    boolean await(long nanos) throws InterruptedException {
        if (!wakes.tryAcquire(Math.max(nanos, 0), TimeUnit.NANOSECONDS)) {
            return false;
        }
        woken.set(false);
        return true;
    }

    /** The server ends it: what is to be said last is to be said now. */
    void end() {
        ending = true;
        wake();
    }

    boolean ending() {
        return ending;
    }

    /** The client is not there any more. */
    public boolean gone() {
        return connection.gone();
    }

    boolean over() {
        return ending || gone();
    }

    /** The client may take as long as it likes to read; else it is dropped after the idle timeout. */
    public void withoutIdleTimeout() {
        connection.withoutIdleTimeout();
    }

    @Override
    public void write(int single) throws IOException {
        write(new byte[] {(byte) single}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        try {
            target.write(bytes, from, length);
        } catch (IOException failed) {
            throw lost(failed);
        }
    }

    @Override
    public void flush() throws IOException {
        try {
            target.flush();
        } catch (IOException failed) {
            throw lost(failed);
        }
    }

    /** Whatever it was, nobody is there to be told. */
    private static EOFException lost(IOException failed) {
        EOFException lost = new EOFException("the client is gone, or does not read");
        lost.initCause(failed);
        return lost;
    }

    @Override
    public void close() {
        if (owner.closed(this)) {
            closed.run();
        }
    }
}
