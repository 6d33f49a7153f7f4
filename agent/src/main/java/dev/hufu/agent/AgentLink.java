package dev.hufu.agent;

import java.util.function.Consumer;

/**
 * How an agent talks to a server: encoded messages, both ways, in order, and possibly lost with the connection. The agent
 * sends what is not acknowledged again when it is connected anew.
 */
public interface AgentLink extends AutoCloseable {
    /**
     * Opens the link.
     *
     * @param fromServer called with one encoded {@link dev.hufu.protocol.ServerMessage} at a time
     * @param onConnected called each time a connection is there; the agent then greets and sends what it has
     */
    void open(Consumer<byte[]> fromServer, Runnable onConnected);

    /** Sends an encoded {@link dev.hufu.protocol.AgentMessage}; dropped where there is no connection. Any thread may. */
    void send(byte[] message);

    @Override
    void close();
}
