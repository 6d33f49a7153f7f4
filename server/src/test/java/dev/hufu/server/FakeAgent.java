package dev.hufu.server;

import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AgentMessage.Known;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.codec.RecordCodec;
import dev.hufu.server.fleet.AgentSession;
import dev.hufu.server.fleet.AgentSessions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** An agent that says what a test tells it to. */
public final class FakeAgent {
    private static final Instant AT = Instant.parse("2026-03-01T10:00:01Z");

    private final BlockingQueue<ServerMessage> received = new LinkedBlockingQueue<>();
    private final AgentSession session;

    public FakeAgent(AgentSessions sessions, String node) {
        session = sessions.connected(
                node, message -> received.add(RecordCodec.cbor().decode(message, ServerMessage.class)));
    }

    public AgentSession session() {
        return session;
    }

    public FakeAgent hello(int capacity, Known... known) {
        return hello(capacity, Map.of("arch", "amd64"), known);
    }

    public FakeAgent hello(int capacity, Map<String, String> facts, Known... known) {
        send(new AgentMessage.Hello(session.node(), "1", capacity, facts, List.of(known)));
        return this;
    }

    public void started(AttemptId attempt) {
        send(new AgentMessage.Started(attempt, AT, 42));
    }

    public void ended(AttemptId attempt, Outcome outcome) {
        send(new AgentMessage.Ended(attempt, outcome));
    }

    public void succeeded(AttemptId attempt) {
        ended(attempt, Samples.exited(0, AT, AT));
    }

    public void send(AgentMessage message) {
        sendBytes(RecordCodec.cbor().encode(message));
    }

    public void sendBytes(byte[] bytes) {
        session.received(bytes);
    }

    public ServerMessage next() throws InterruptedException {
        ServerMessage message = received.poll(60, TimeUnit.SECONDS);
        if (message == null) {
            throw new AssertionError("the server said nothing");
        }
        return message;
    }

    public AttemptId nextStart() throws InterruptedException {
        ServerMessage message = next();
        if (message instanceof ServerMessage.StartAttempt start) {
            return start.attempt();
        }
        throw new AssertionError("not an order to start: " + message);
    }

    /** What has come and was not looked at. */
    public List<ServerMessage> rest() {
        return List.copyOf(received);
    }
}
