package dev.hufu.server.http.stream;

import jakarta.servlet.ServletRequest;
import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.NetworkChannel;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import jdk.net.ExtendedSocketOptions;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection under an answer that goes on. A client that closes it, or only its sending half, is noticed at once,
 * because the connection is read while the answer is written; so nothing else may be read from it afterwards. One whose
 * machine vanished is noticed by keepalive, while nothing is in flight to it. Thread-safe.
 */
final class ClientConnection {
    private static final Logger LOG = LoggerFactory.getLogger(ClientConnection.class);
    private static final int IGNORED_BYTES = 1_024;

    private final EndPoint endPoint;
    private final Runnable onGone;
    private final AtomicBoolean gone = new AtomicBoolean();

    private ClientConnection(EndPoint endPoint, Runnable onGone) {
        this.endPoint = endPoint;
        this.onGone = onGone;
    }

    /** @param onGone called once, on any thread, when the client is no longer there; returns at once */
    static ClientConnection of(ServletRequest request, Runnable onGone) {
        ClientConnection connection = new ClientConnection(
                ServletContextRequest.getServletContextRequest(request)
                        .getConnectionMetaData()
                        .getConnection()
                        .getEndPoint(),
                onGone);
        connection.keepAlive();
        connection.watch();
        return connection;
    }

    boolean gone() {
        return gone.get();
    }

    /** From now on the client may take as long as it likes to read. */
    void withoutIdleTimeout() {
        endPoint.setIdleTimeout(0);
    }

    private void keepAlive() {
        if (endPoint.getTransport() instanceof NetworkChannel channel) {
            try {
                channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
                set(channel, ExtendedSocketOptions.TCP_KEEPIDLE, 1);
                set(channel, ExtendedSocketOptions.TCP_KEEPINTERVAL, 1);
                set(channel, ExtendedSocketOptions.TCP_KEEPCOUNT, 2);
            } catch (IOException closed) {
                LOG.debug("a connection closed before its answer began", closed);
            }
        }
    }

    private static <T> void set(NetworkChannel channel, SocketOption<T> option, T value) throws IOException {
        if (channel.supportedOptions().contains(option)) {
            channel.setOption(option, value);
        }
    }

    private void watch() {
        endPoint.tryFillInterested(new Callback() {
            @Override
            public void succeeded() {
                read();
            }

            @Override
            public void failed(Throwable failure) {
                if (failure instanceof TimeoutException) {
                    // That a client says nothing is what it should do.
                    watch();
                } else {
                    lost(failure);
                }
            }

            @Override
            public InvocationType getInvocationType() {
                return InvocationType.NON_BLOCKING;
            }
        });
    }

    private void read() {
        try {
            ByteBuffer ignored = ByteBuffer.allocate(IGNORED_BYTES).limit(0);
            while (true) {
                ignored.clear().limit(0);
                int count = endPoint.fill(ignored);
                if (count < 0) {
                    lost(new IOException("the client closed the connection"));
                    return;
                }
                if (count == 0) {
                    watch();
                    return;
                }
            }
        } catch (IOException broken) {
            lost(broken);
        }
    }

    private void lost(Throwable cause) {
        if (gone.compareAndSet(false, true)) {
            // Ends a write that waits for the client to take more.
            endPoint.close(cause);
            onGone.run();
        }
    }
}
