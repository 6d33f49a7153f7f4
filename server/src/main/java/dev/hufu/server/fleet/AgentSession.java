package dev.hufu.server.fleet;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.codec.RecordCodec;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One connection of one node's agent. What is sent through a session that is over is dropped: the next one begins by
 * comparing what the agent has with the store, and an order from before must not arrive after that.
 */
public final class AgentSession {
    private static final int MAXIMUM_IN_WORK = 4_096;

    private final String node;
    private final Consumer<byte[]> link;
    private final AgentSessions sessions;
    private final ReentrantLock order = new ReentrantLock();
    private final Semaphore inWork = new Semaphore(MAXIMUM_IN_WORK);
    private volatile int capacity;
    private volatile boolean greeted;
    private volatile boolean ready;
    private volatile boolean open = true;

    AgentSession(String node, Consumer<byte[]> link, AgentSessions sessions) {
        this.node = node;
        this.link = link;
        this.sessions = sessions;
    }

    public String node() {
        return node;
    }

    /** Takes one encoded agent message; waits while too many are in work. */
    public void received(byte[] message) {
        sessions.received(this, message);
    }

    /** The connection is gone. Idempotent. */
    public void disconnected() {
        sessions.disconnected(this);
    }

    /** Sends a message, unless this session is over. */
    public void send(ServerMessage message) {
        if (open) {
            link.accept(RecordCodec.cbor().encode(message));
        }
    }

    /**
     * Sends an order to start again, where the attempt still waits for it. The question and the sending are one step with
     * respect to acknowledgements: an agent that was told to forget an attempt must not hear of it again.
     */
    public void offerAgain(Supplier<Optional<ServerMessage.StartAttempt>> offer) {
        order.lock();
        try {
            offer.get().ifPresent(this::send);
        } finally {
            order.unlock();
        }
    }

    void acknowledge(AttemptId attempt) {
        order.lock();
        try {
            send(new ServerMessage.Acknowledged(attempt));
        } finally {
            order.unlock();
        }
    }

    /** How many attempts the node takes at once; 0 until the agent and the store agree on what it has. */
    public int capacity() {
        return ready ? capacity : 0;
    }

    boolean open() {
        return open;
    }

    boolean greeted() {
        return greeted;
    }

    void greeted(int slots) {
        capacity = slots;
        greeted = true;
    }

    void ready() {
        ready = true;
    }

    void close() {
        open = false;
        ready = false;
    }

    Semaphore inWork() {
        return inWork;
    }
}
