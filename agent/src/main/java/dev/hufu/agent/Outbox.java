package dev.hufu.agent;

import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.codec.RecordCodec;
import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the server what it is to be told, through one virtual thread, so that nobody waits for the link. It keeps attempts
 * that owe something, not messages: it never holds more than there are attempts. Stops with {@link #stop}.
 */
final class Outbox {
    private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

    private final AgentLink link;
    private final Timers timers;
    private final Supplier<List<AgentMessage>> greeting;
    private final Thread sender = Threads.virtual("agent-outbox", this::send);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final LinkedHashSet<Attempt> owing = new LinkedHashSet<>();
    private boolean greet;
    private boolean greeted;
    private boolean stopped;

    /** @param greeting makes the first messages of a connection, and leaves with {@link #owe} what is to follow them */
    Outbox(AgentLink link, Timers timers, Supplier<List<AgentMessage>> greeting) {
        this.link = link;
        this.timers = timers;
        this.greeting = greeting;
    }

    void start() {
        sender.start();
    }

    /** There is a new connection: the greeting comes first, then how all stands. */
    void connected() {
        lock.lock();
        try {
            greet = true;
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    /** This attempt has something to tell. */
    void owe(Attempt attempt) {
        lock.lock();
        try {
            owing.add(attempt);
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    private void send() {
        while (awaitWork()) {
            try {
                sendNext();
            } catch (RuntimeException failed) {
                // What was not sent is sent after the next greeting, and an end without it, too.
                LOG.warn("A message to the server could not be sent", failed);
            }
        }
    }

    private boolean awaitWork() {
        lock.lock();
        try {
            // Before the first greeting everything can wait: the greeting tells it all.
            while (!stopped && !greet && !(greeted && !owing.isEmpty())) {
                work.awaitUninterruptibly();
            }
            return !stopped;
        } finally {
            lock.unlock();
        }
    }

    private void sendNext() {
        Attempt next = next();
        if (next == null) {
            greeting.get().forEach(message -> link.send(RecordCodec.cbor().encode(message)));
            return;
        }
        for (AgentMessage message : next.takeOwed(timers, () -> owe(next))) {
            link.send(RecordCodec.cbor().encode(message));
        }
    }

    /** The next attempt that owes something; null where the greeting is due. */
    private @Nullable Attempt next() {
        lock.lock();
        try {
            if (greet) {
                greet = false;
                greeted = true;
                owing.clear();
                return null;
            }
            return owing.removeFirst();
        } finally {
            lock.unlock();
        }
    }

    void stop() throws InterruptedException {
        lock.lock();
        try {
            stopped = true;
            work.signal();
        } finally {
            lock.unlock();
        }
        sender.join();
    }
}
