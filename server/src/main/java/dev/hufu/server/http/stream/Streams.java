package dev.hufu.server.http.stream;

import jakarta.servlet.ServletRequest;
import java.io.OutputStream;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** All answers that go on. {@link #endAll} asks each of them, and those that come later, to end. Thread-safe; owns no thread. */
public final class Streams {
    private final Set<OpenStream> open = ConcurrentHashMap.newKeySet();
    private volatile boolean ended;

    /**
     * Keeps an answer open, whose headers are sent; its request's thread closes it.
     *
     * @param closed called once it is
     */
    public OpenStream open(ServletRequest request, OutputStream target, Runnable closed) {
        OpenStream stream = new OpenStream(this, request, target, closed);
        open.add(stream);
        if (ended) {
            stream.end();
        }
        return stream;
    }

    public void endAll() {
        ended = true;
        open.forEach(OpenStream::end);
    }

    /** How many are open. */
    public int size() {
        return open.size();
    }

    /** Answers whether it was open. */
    boolean closed(OpenStream stream) {
        return open.remove(stream);
    }
}
