package dev.hufu.server.fleet;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.codec.RecordCodec;
import java.time.Instant;
import java.util.Map;
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
    private volatile Greeting greeting = Greeting.NONE;
    private volatile Instant lastSeenAt;
    private volatile boolean ready;
    private volatile boolean open = true;

    AgentSession(String node, Consumer<byte[]> link, AgentSessions sessions, Instant at) {
        this.node = node;
        this.link = link;
        this.sessions = sessions;
        lastSeenAt = at;
    }

    /**
     * What the agent said of itself when it greeted.
     *
     * @param capacity how many attempts it takes at once; 0 before it greeted
     */
    record Greeting(String version, int capacity, Map<String, String> facts) {
        static final Greeting NONE = new Greeting("", 0, Map.of());
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

    void acknowledge(AttemptId attempt, boolean taskEnded) {
        order.lock();
        try {
            send(new ServerMessage.Acknowledged(attempt, taskEnded));
        } finally {
            order.unlock();
        }
    }

    /** How many attempts the node takes at once; 0 until the agent and the store agree on what it has. */
    public int capacity() {
        return ready ? greeting.capacity() : 0;
    }

    boolean open() {
        return open;
    }

    boolean greeted() {
        return greeting.capacity() > 0;
    }

    void greeted(Greeting said) {
        greeting = said;
    }

    Greeting greeting() {
        return greeting;
    }

    void seen(Instant at) {
        lastSeenAt = at;
    }

    /** When a message of the agent last came. */
    Instant lastSeenAt() {
        return lastSeenAt;
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
