package dev.hufu.exec.internal;

import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One socket to the launcher or to a supervisor. Any thread sends, one thread receives; closing it wakes both. */
final class Connection implements Closeable {
    private static final int MAX_ANSWER = 2_048;

    // A write takes a direct buffer of its own size, which the JDK then keeps.
    private static final int WRITE_AT_ONCE = 64 << 10;

    private final SocketChannel channel;
    private final ReentrantLock sending = new ReentrantLock();
    private final ByteBuffer received =
            ByteBuffer.allocate(MAX_ANSWER).order(ByteOrder.LITTLE_ENDIAN).limit(0);

    private final Consumer<Connection> afterwards;

    private Connection(SocketChannel channel, Consumer<Connection> afterwards) {
        this.channel = channel;
        this.afterwards = afterwards;
    }

    /**
     * Connects.
     *
     * @param afterwards is told when the connection is closed from this side
     */
    static Connection open(Path socket, Consumer<Connection> afterwards) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(socket));
            return new Connection(channel, afterwards);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Sends a whole frame. An interrupt that is pending waits until it is sent: it would close the connection. */
    void send(ByteBuffer frame) throws IOException {
        boolean interrupted = Thread.interrupted();
        sending.lock();
        try {
            int end = frame.limit();
            while (frame.position() < end) {
                frame.limit(Math.min(end, frame.position() + WRITE_AT_ONCE));
                while (frame.hasRemaining()) {
                    channel.write(frame);
                }
            }
        } finally {
            sending.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * The next answer; null where the other side closed the connection between two frames.
     *
     * @throws MalformedException if what came is no answer
     */
    @Nullable
    Answer receive() throws IOException {
        if (!fill(Protocol.FRAME_HEADER)) {
            return null;
        }
        int start = received.position();
        int length = received.getInt(start);
        int type = Short.toUnsignedInt(received.getShort(start + Protocol.FRAME_PREFIX));
        int size = Protocol.FRAME_PREFIX + length;
        if (length < Protocol.FRAME_HEADER - Protocol.FRAME_PREFIX || length > MAX_ANSWER - Protocol.FRAME_PREFIX) {
            throw new MalformedException("frame of " + length + " bytes");
        }
        if (!fill(size)) {
            throw new MalformedException("frame cut");
        }
        start = received.position();
        Answer answer = Answer.parse(type, received.slice(start + Protocol.FRAME_HEADER, size - Protocol.FRAME_HEADER));
        received.position(start + size);
        return answer;
    }

    /** Reads until that many bytes are there; false where nothing at all came before the end. */
    private boolean fill(int wanted) throws IOException {
        while (received.remaining() < wanted) {
            received.compact();
            int count;
            try {
                count = channel.read(received);
            } finally {
                received.flip();
            }
            if (count < 0) {
                if (received.hasRemaining()) {
                    throw new MalformedException("frame cut");
                }
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            afterwards.accept(this);
        }
    }
}
