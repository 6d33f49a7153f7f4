package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.codec.RecordCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A link whose other end is a test: keeps what the agent said, and says what the test wants. */
final class FakeLink implements AgentLink {
    private static final long PATIENCE_SECONDS = 60;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final List<AgentMessage> messages = new ArrayList<>();
    private final Consumer<AgentMessage> observer;
    private final boolean connectsAtOnce;
    private @Nullable Consumer<byte[]> fromServer;
    private @Nullable Runnable onConnected;

    FakeLink() {
        this(true, _ -> {});
    }

    /** @param observer sees each message before any waiter does */
    FakeLink(boolean connectsAtOnce, Consumer<AgentMessage> observer) {
        this.connectsAtOnce = connectsAtOnce;
        this.observer = observer;
    }

    @Override
    public void open(Consumer<byte[]> receiver, Runnable connected) {
        fromServer = receiver;
        onConnected = connected;
        if (connectsAtOnce) {
            connected.run();
        }
    }

    void connect() {
        if (onConnected == null) {
            throw new IllegalStateException("the link is not open");
        }
        onConnected.run();
    }

    void deliver(ServerMessage message) {
        deliver(RecordCodec.cbor().encode(message));
    }

    void deliver(byte[] encoded) {
        if (fromServer == null) {
            throw new IllegalStateException("the link is not open");
        }
        fromServer.accept(encoded);
    }

    @Override
    public void send(byte[] encoded) {
        AgentMessage message = RecordCodec.cbor().decode(encoded, AgentMessage.class);
        observer.accept(message);
        lock.lock();
        try {
            messages.add(message);
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }

    List<AgentMessage> messages() {
        lock.lock();
        try {
            return List.copyOf(messages);
        } finally {
            lock.unlock();
        }
    }

    /** Forgets what was said so far. */
    void clear() {
        lock.lock();
        try {
            messages.clear();
        } finally {
            lock.unlock();
        }
    }

    AgentMessage.Hello awaitHello() throws InterruptedException {
        return (AgentMessage.Hello) await(message -> message instanceof AgentMessage.Hello);
    }

    AgentMessage.Started awaitStarted(AttemptId attempt) throws InterruptedException {
        return (AgentMessage.Started) await(message -> message instanceof AgentMessage.Started started
                && started.attempt().equals(attempt));
    }

    AgentMessage.Ended awaitEnded(AttemptId attempt) throws InterruptedException {
        return (AgentMessage.Ended) await(message ->
                message instanceof AgentMessage.Ended ended && ended.attempt().equals(attempt));
    }

    /** The first message of that kind, as soon as there is one. */
    AgentMessage await(Predicate<AgentMessage> wanted) throws InterruptedException {
        return await(1, wanted);
    }

    /** The nth message of that kind. */
    AgentMessage await(int nth, Predicate<AgentMessage> wanted) throws InterruptedException {
        long left = TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        lock.lock();
        try {
            while (true) {
                List<AgentMessage> found = messages.stream().filter(wanted).toList();
                if (found.size() >= nth) {
                    return found.get(nth - 1);
                }
                assertThat(left)
                        .as("a message that is waited for, after " + messages)
                        .isPositive();
                left = arrived.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        // Nothing is open; what is sent from now on is kept for the test to see.
    }
}
