package dev.hufu.exec.internal;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** The other side of a connection: sends what a test says, sensible or not. */
final class FakePeer implements AutoCloseable {
    private final Path directory;
    private final ServerSocketChannel server;
    final Connection connection;
    private final SocketChannel peer;

    FakePeer() throws IOException {
        directory = Files.createTempDirectory(Path.of("/tmp"), "hufu-test-");
        Path socket = directory.resolve("s");
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        connection = Connection.open(socket, _ -> {});
        peer = server.accept();
    }

    FakePeer frame(int type, ByteBuffer payload) throws IOException {
        return bytes(ByteBuffer.allocate(8 + payload.remaining())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(4 + payload.remaining())
                .putShort((short) type)
                .putShort((short) 0)
                .put(payload.duplicate())
                .flip());
    }

    FakePeer bytes(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            peer.write(bytes);
        }
        return this;
    }

    /** The payload of the next frame, which must be of that type and length. */
    ByteBuffer receive(int type, int length) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(8 + length).order(ByteOrder.LITTLE_ENDIAN);
        while (frame.hasRemaining() && peer.read(frame) >= 0) {}
        if (frame.hasRemaining() || frame.getInt(0) != 4 + length || frame.getShort(4) != type) {
            throw new AssertionError("another frame: " + frame);
        }
        return frame.slice(8, length).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Ends the stream after what was sent. */
    FakePeer end() throws IOException {
        peer.close();
        return this;
    }

    static ByteBuffer numbers(long... longs) {
        ByteBuffer payload = ByteBuffer.allocate(longs.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (long number : longs) {
            payload.putLong(number);
        }
        return payload.flip();
    }

    @Override
    public void close() throws IOException {
        connection.close();
        peer.close();
        server.close();
        Files.delete(directory.resolve("s"));
        Files.delete(directory);
    }
}
