package dev.hufu.exec.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.exec.ExitStatus.Exited;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

final class ConnectionTest {
    @Test
    void answersAreReadHoweverTheyAreCut() throws Exception {
        try (FakePeer peer = new FakePeer()) {
            peer.frame(Protocol.STARTED, FakePeer.numbers(7, 8));
            peer.frame(Protocol.KILL_PENDING, ByteBuffer.allocate(12).putInt(0, Integer.reverseBytes(3)));
            ByteBuffer ended = AttemptFileWriter.payload(1, 4, 32);
            peer.bytes(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(4 + ended.remaining())
                    .putShort((short) Protocol.ENDED)
                    .putShort((short) 0)
                    .flip());
            peer.bytes(ended.slice(0, 50));
            assertThat(peer.connection.receive()).isEqualTo(new Answer.Started(7, 8));
            assertThat(peer.connection.receive()).isEqualTo(new Answer.KillPending(3, 0));
            peer.bytes(ended.slice(50, ended.remaining() - 50)).end();

            assertThat(peer.connection.receive())
                    .isInstanceOfSatisfying(
                            Answer.Ended.class,
                            answer -> assertThat(answer.record().status()).isEqualTo(new Exited(4)));
            assertThat(peer.connection.receive()).isNull();
        }
    }

    @Test
    void whatIsNoAnswerIsAnError() throws Exception {
        ByteBuffer[] malformed = {
            header(3, Protocol.STARTED),
            header(-1, Protocol.STARTED),
            header(Integer.MAX_VALUE, Protocol.ENDED),
            header(4, 77),
            header(4, Protocol.STARTED),
            header(4, Protocol.ENDED),
            header(20, Protocol.STARTED),
            ByteBuffer.allocate(5),
        };
        for (ByteBuffer bytes : malformed) {
            try (FakePeer peer = new FakePeer()) {
                peer.bytes(bytes).end();
                assertThatThrownBy(peer.connection::receive).isInstanceOf(MalformedException.class);
            }
        }
    }

    @Test
    void noiseNeverHangsNorBreaks() throws Exception {
        Random random = new Random(3);
        for (int turn = 0; turn < 200; turn++) {
            byte[] noise = new byte[random.nextInt(100)];
            random.nextBytes(noise);
            try (FakePeer peer = new FakePeer()) {
                peer.bytes(ByteBuffer.wrap(noise)).end();
                if (noise.length == 0) {
                    assertThat(peer.connection.receive()).isNull();
                } else {
                    assertThatThrownBy(peer.connection::receive).isInstanceOf(MalformedException.class);
                }
            }
        }
    }

    @Test
    void closingWakesTheReceiver() throws Exception {
        try (FakePeer peer = new FakePeer()) {
            CompletableFuture<Void> receiving = CompletableFuture.runAsync(() -> {
                try {
                    peer.connection.receive();
                } catch (IOException e) {
                    throw new CompletionException(e);
                }
            });
            peer.connection.close();

            assertThatThrownBy(receiving::join)
                    .cause()
                    .satisfiesAnyOf(
                            cause -> assertThat(cause).isInstanceOf(AsynchronousCloseException.class),
                            cause -> assertThat(cause).isInstanceOf(ClosedChannelException.class));
        }
    }

    private static ByteBuffer header(int length, int type) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(length)
                .putShort((short) type)
                .putShort((short) 0)
                .flip();
    }
}
