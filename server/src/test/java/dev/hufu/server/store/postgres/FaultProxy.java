package dev.hufu.server.store.postgres;

import dev.hufu.support.Threads;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

/** Forwards connections, and breaks them as a network does. Threads of its own for each; ends with {@link #close}. */
final class FaultProxy implements AutoCloseable {
    /** What happens next. */
    enum Fault {
        NONE,
        /** The database commits, and its answer is cut off. */
        DROP_ANSWER_OF_COMMIT,
        /** The same, and nobody gets through any more. */
        DROP_ANSWER_OF_COMMIT_AND_REFUSE,
        /** What follows the first UPDATE, which is the COMMIT where a run is inserted, is cut off. */
        DROP_COMMIT,
        /** Connections stay, and nothing comes through. */
        STALL,
        /** Nobody gets through. */
        REFUSE
    }

    private final int target;
    private final ServerSocket listener;
    private final AtomicReference<Fault> fault = new AtomicReference<>(Fault.NONE);
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile boolean updated;

    FaultProxy(int target) {
        this.target = target;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        Threads.virtual("fault-proxy", this::accept).start();
    }

    int port() {
        return listener.getLocalPort();
    }

    void next(Fault next) {
        updated = false;
        fault.set(next);
    }

    /** Whether the last fault has happened, of those that happen once. */
    boolean happened() {
        return fault.get() == Fault.NONE || fault.get() == Fault.REFUSE;
    }

    void cutAll() {
        open.forEach(FaultProxy::reset);
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                forward(listener.accept());
            } catch (IOException refusedOrClosed) {
                // The client sees its connection end, or everything has ended.
                updated = false;
            }
        }
    }

    private void forward(Socket client) throws IOException {
        open.add(client);
        if (fault.get() == Fault.REFUSE) {
            reset(client);
            return;
        }
        Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
        open.add(server);
        Threads.virtual("fault-proxy-up", () -> pump(client, server, true)).start();
        Threads.virtual("fault-proxy-down", () -> pump(server, client, false)).start();
    }

    private void pump(Socket from, Socket to, boolean up) {
        byte[] buffer = new byte[64 << 10];
        try (from;
                to) {
            InputStream input = from.getInputStream();
            OutputStream output = to.getOutputStream();
            for (int read = input.read(buffer); read >= 0; read = input.read(buffer)) {
                if (cuts(new String(buffer, 0, read, StandardCharsets.ISO_8859_1), up)) {
                    reset(from);
                    reset(to);
                    return;
                }
                if (fault.get() != Fault.STALL) {
                    output.write(buffer, 0, read);
                    output.flush();
                }
            }
        } catch (IOException ended) {
            reset(from);
            reset(to);
        }
    }

    private boolean cuts(String bytes, boolean up) {
        return switch (fault.get()) {
            case NONE, STALL, REFUSE -> false;
            case DROP_ANSWER_OF_COMMIT ->
                !up && bytes.contains("COMMIT\0") && fault.compareAndSet(Fault.DROP_ANSWER_OF_COMMIT, Fault.NONE);
            case DROP_ANSWER_OF_COMMIT_AND_REFUSE ->
                !up
                        && bytes.contains("COMMIT\0")
                        && fault.compareAndSet(Fault.DROP_ANSWER_OF_COMMIT_AND_REFUSE, Fault.REFUSE);
            case DROP_COMMIT -> {
                if (!up && bytes.contains("UPDATE 1\0")) {
                    updated = true;
                    yield false;
                }
                yield up && updated && fault.compareAndSet(Fault.DROP_COMMIT, Fault.NONE);
            }
        };
    }

    /** Ends it at once, with a reset and not an orderly end. */
    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException closedAlready) {
            return;
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        cutAll();
    }
}
