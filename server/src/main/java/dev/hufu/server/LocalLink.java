package dev.hufu.server;

import dev.hufu.agent.AgentLink;
import dev.hufu.server.fleet.AgentSession;
import dev.hufu.server.fleet.AgentSessions;
import dev.hufu.support.Threads;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The link of an agent in the same process: encoded messages in order through a bounded queue each way, as over a network.
 * Owns one virtual thread for each way; {@link #close} ends them, and drops what is queued.
 */
final class LocalLink implements AgentLink {
    private static final Logger LOG = LoggerFactory.getLogger(LocalLink.class);
    private static final int QUEUE = 2_048;
    private static final long CLOSED_CHECK_MILLIS = 100;

    private final String node;
    private final AgentSessions sessions;
    private final BlockingQueue<byte[]> toAgent = new ArrayBlockingQueue<>(QUEUE);
    private final BlockingQueue<byte[]> toServer = new ArrayBlockingQueue<>(QUEUE);
    private @Nullable AgentSession session;
    private @Nullable Thread agentPump;
    private @Nullable Thread serverPump;
    private volatile boolean closed;

    LocalLink(String node, AgentSessions sessions) {
        this.node = node;
        this.sessions = sessions;
    }

    @Override
    public void open(Consumer<byte[]> fromServer, Runnable onConnected) {
        AgentSession connected = sessions.connected(node, message -> put(toAgent, message));
        session = connected;
        agentPump = pump("local-link-to-agent", toAgent, fromServer);
        serverPump = pump("local-link-to-server", toServer, connected::received);
        onConnected.run();
    }

    @Override
    public void send(byte[] message) {
        put(toServer, message);
    }

    @Override
    public void close() {
        closed = true;
        if (session != null) {
            session.disconnected();
        }
        end(agentPump);
        end(serverPump);
    }

    /** Waits for room, as a network would; no longer than the link is open. */
    private void put(BlockingQueue<byte[]> queue, byte[] message) {
        try {
            while (!closed && !queue.offer(message, CLOSED_CHECK_MILLIS, TimeUnit.MILLISECONDS)) {
                LOG.debug("The local link is full");
            }
        } catch (InterruptedException ending) {
            // Dropped, as with a connection that breaks.
            Thread.currentThread().interrupt();
        }
    }

    private Thread pump(String name, BlockingQueue<byte[]> queue, Consumer<byte[]> target) {
        Thread thread = Threads.virtual(name, () -> {
            while (!closed) {
                try {
                    target.accept(queue.take());
                } catch (InterruptedException ending) {
                    return;
                } catch (RuntimeException failed) {
                    LOG.error("A message over the local link was not handled", failed);
                }
            }
        });
        thread.start();
        return thread;
    }

    private static void end(@Nullable Thread pump) {
        if (pump == null) {
            return;
        }
        pump.interrupt();
        if (pump.equals(Thread.currentThread())) {
            return;
        }
        try {
            pump.join();
        } catch (InterruptedException hurried) {
            // It was told to end, and does.
            Thread.currentThread().interrupt();
        }
    }
}
