package dev.hufu.server.maintenance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.server.FakeTimers;
import dev.hufu.server.audit.AuditAction;
import dev.hufu.server.audit.Checkpoint;
import dev.hufu.server.audit.CheckpointKey;
import dev.hufu.server.audit.PublicKeys;
import dev.hufu.server.config.CheckpointConfig;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.sqlite.SqliteRunStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When is signed, what is kept, and what arrives. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class CheckpointsTest {
    private static final CheckpointConfig CONFIG = new CheckpointConfig(10, Duration.ofMinutes(1), null, null, null);

    private final FakeTimers timers = new FakeTimers();

    @TempDir
    Path data;

    private SqliteRunStore store;

    /** One who takes what it is told to, and keeps it. */
    private static final class Receiver implements CheckpointReceiver {
        final BlockingQueue<Checkpoint> taken = new LinkedBlockingQueue<>();
        final BlockingQueue<Boolean> tries = new LinkedBlockingQueue<>();
        volatile boolean down;

        @Override
        public String name() {
            return "webhook";
        }

        @Override
        public void send(byte[] line) throws IOException {
            if (down) {
                tries.add(false);
                throw new IOException("down");
            }
            taken.add(Checkpoint.read(line));
            tries.add(true);
        }

        Checkpoint next() throws InterruptedException {
            Checkpoint next = taken.poll(10, TimeUnit.SECONDS);
            assertThat(next).isNotNull();
            return next;
        }

        void awaitTry(boolean arrived) throws InterruptedException {
            assertThat(tries.poll(10, TimeUnit.SECONDS)).isEqualTo(arrived);
        }
    }

    @BeforeEach
    void open() {
        store = SqliteRunStore.open(data.resolve("hufu.db"), timers, () -> {});
    }

    @AfterEach
    void close() {
        store.close();
    }

    private Checkpoints checkpoints(CheckpointReceiver... receivers) {
        return new Checkpoints(store, data, CONFIG, List.of(receivers), timers);
    }

    private void add(int entries) {
        for (int i = 0; i < entries; i++) {
            store.record(AuditEvent.of(timers.now(), "a", AuditAction.LOGIN_FAILED, "api", Map.of("n", "" + i)));
        }
    }

    private Path file() {
        return data.resolve(Checkpoints.FILE);
    }

    private List<Long> signed() throws IOException {
        if (!Files.exists(file())) {
            return List.of();
        }
        PublicKeys keys = PublicKeys.read(data.resolve(CheckpointKey.PUBLIC_FILE));
        return Files.readAllLines(file()).stream()
                .map(line -> Checkpoint.read(line.getBytes(StandardCharsets.UTF_8)))
                .peek(checkpoint -> assertThat(keys.signed(checkpoint)).isTrue())
                .peek(checkpoint -> assertThat(checkpoint.hash())
                        .isEqualTo(store.auditEntries(checkpoint.sequence(), 1)
                                .getFirst()
                                .hash()))
                .map(Checkpoint::sequence)
                .toList();
    }

    @Test
    void manyEntriesAreSignedAtOnceAndFewAfterTheInterval() throws IOException {
        Checkpoints checkpoints = checkpoints();
        checkpoints.look(false);
        assertThat(signed()).isEmpty();
        add(10);
        checkpoints.look(false);
        assertThat(signed()).containsExactly(10L);
        add(1);
        checkpoints.look(false);
        timers.advance(Duration.ofSeconds(59));
        add(1);
        checkpoints.look(false);
        assertThat(signed()).containsExactly(10L);
        timers.advance(Duration.ofSeconds(1));
        checkpoints.look(false);
        assertThat(signed()).containsExactly(10L, 12L);
        timers.advance(Duration.ofHours(1));
        checkpoints.look(false);
        assertThat(signed()).as("nothing was added").containsExactly(10L, 12L);
        add(1);
        checkpoints.look(false);
        checkpoints.look(true);
        assertThat(signed()).as("an orderly end").containsExactly(10L, 12L, 13L);
        assertThat(checkpoints.signed()).isEqualTo(13);
    }

    @Test
    void theNextServerGoesOnWhereTheLastEnded() throws IOException {
        add(10);
        checkpoints().look(false);
        Checkpoints next = checkpoints();
        next.look(false);
        assertThat(next.signed()).isEqualTo(10);
        add(10);
        next.look(false);
        assertThat(signed()).containsExactly(10L, 20L);
        assertThat(next.failures()).isZero();
    }

    @Test
    void aLineThatACrashCutShortIsTakenAway() throws IOException {
        add(10);
        checkpoints().look(false);
        Files.writeString(file(), "{\"sequence\":1", StandardOpenOption.APPEND);
        add(10);
        checkpoints().look(false);
        assertThat(signed()).containsExactly(10L, 20L);
    }

    @Test
    void aLogThatDoesNotFitItsLastCheckpointIsCounted() throws IOException {
        add(10);
        checkpoints().look(false);
        Checkpoint forged = CheckpointKey.open(data).sign(10, "f".repeat(64), timers.now());
        new CheckpointFile(file()).append(forged);
        Checkpoints next = checkpoints();
        next.look(false);
        assertThat(next.failures()).isEqualTo(1);
    }

    @Test
    void theKeyIsTheOwnersOnlyAndStaysTheSame() throws IOException {
        CheckpointKey key = CheckpointKey.open(data);
        Path file = data.resolve(CheckpointKey.PRIVATE_FILE);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(CheckpointKey.open(data).id()).isEqualTo(key.id()).matches("[0-9a-f]{16}");
        assertThat(Files.readString(data.resolve(CheckpointKey.PUBLIC_FILE)))
                .startsWith("-----BEGIN PUBLIC KEY-----\n");

        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        assertThatThrownBy(() -> CheckpointKey.open(data))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("open to others");
        Files.delete(file);
        CheckpointKey other = CheckpointKey.open(data);
        assertThat(other.id()).isNotEqualTo(key.id());
        Path kept = data.resolve(CheckpointKey.PUBLIC_FILE + "." + key.id());
        assertThat(PublicKeys.read(kept).signed(key.sign(1, "h", timers.now()))).isTrue();
        assertThat(PublicKeys.read(kept).signed(other.sign(1, "h", timers.now())))
                .isFalse();

        Files.copy(kept, data.resolve(CheckpointKey.PUBLIC_FILE), StandardCopyOption.REPLACE_EXISTING);
        assertThatThrownBy(() -> CheckpointKey.open(data)).hasMessageContaining("is not the public half");
        Files.writeString(file, "nothing");
        assertThatThrownBy(() -> CheckpointKey.open(data)).hasMessageContaining("no private key");
    }

    @Test
    void aKeyThatCannotBeUsedIsCountedAndTriedAgain() throws IOException {
        CheckpointKey.open(data);
        Path file = data.resolve(CheckpointKey.PRIVATE_FILE);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        add(10);
        Checkpoints checkpoints = checkpoints();
        checkpoints.look(false);
        checkpoints.look(false);
        assertThat(checkpoints.failures()).isEqualTo(2);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        checkpoints.look(false);
        assertThat(signed()).containsExactly(10L);
    }

    @Test
    void aReceiverThatIsDownGetsEveryCheckpointInOrderOnceItIsThere() throws Exception {
        Receiver receiver = new Receiver();
        receiver.down = true;
        Checkpoints checkpoints = checkpoints(receiver);
        checkpoints.start();
        add(10);
        timers.advance(Duration.ofSeconds(1));
        receiver.awaitTry(false);
        awaitScheduled(2);
        add(10);
        receiver.down = false;
        timers.advance(Duration.ofSeconds(1));
        assertThat(receiver.next().sequence()).isEqualTo(10);
        // The second look may come before or after the second try.
        assertThat(receiver.next().sequence()).isEqualTo(20);
        assertThat(checkpoints.failures("webhook")).isEqualTo(1);
        assertThat(checkpoints.failures("syslog")).isZero();
        checkpoints.stop();
        assertThat(receiver.taken).isEmpty();
    }

    @Test
    void whatDidNotArriveIsSentByTheNextServerAndWhatDidIsNot() throws Exception {
        Receiver receiver = new Receiver();
        Checkpoints first = checkpoints(receiver);
        first.start();
        add(1);
        first.stop();
        assertThat(receiver.next().sequence()).isEqualTo(1);
        receiver.down = true;
        receiver.tries.clear();
        Checkpoints second = checkpoints(receiver);
        second.start();
        add(1);
        second.stop();
        add(1);
        Checkpoints third = checkpoints(receiver);
        receiver.down = false;
        third.start();
        third.stop();
        assertThat(receiver.next().sequence()).isEqualTo(2);
        assertThat(receiver.next().sequence()).isEqualTo(3);
        assertThat(receiver.taken).isEmpty();
    }

    /** Both loops wait: the look of the next second, and the pause after a failure. */
    private void awaitScheduled(int actions) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (timers.scheduled() < actions) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(1);
        }
    }
}
