package dev.hufu.exec.internal;

import static dev.hufu.exec.LauncherFixture.await;
import static dev.hufu.exec.LauncherFixture.end;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.exec.ExitStatus.Exited;
import dev.hufu.exec.ExitStatus.Unknown;
import dev.hufu.exec.LauncherConfig;
import dev.hufu.exec.LauncherFixture;
import dev.hufu.exec.OutputPolicy;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.StopCause;
import dev.hufu.exec.StopPolicy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An attempt whose supervisor says what a test wants. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before each test.
final class AttemptTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final Retention TRUNCATED = new Retention(1_000, OutputPolicy.TRUNCATE);
    private static final Retention BLOCKED = new Retention(1_000, OutputPolicy.BLOCK);
    private static final ThreadFactory THREADS = Thread.ofVirtual().factory();

    @TempDir
    Path directory;

    private LauncherHost host;
    private FakePeer peer;
    private Attempt attempt;
    private final List<Attempt> done = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        host = LauncherHost.start(LauncherConfig.defaults(), THREADS);
        peer = new FakePeer();
        attempt = new Attempt(
                directory.resolve("file"),
                "",
                new Attempt.Identity(1, 2),
                new Recovery(host, InstantSource.fixed(NOW)),
                done::add);
    }

    @AfterEach
    void stop() throws IOException {
        attempt.close();
        peer.close();
        host.close();
    }

    @Test
    void endIsToldByTheSupervisor() throws Exception {
        attempt.follow(peer.connection, TRUNCATED, THREADS);
        peer.frame(Protocol.KILL_PENDING, ByteBuffer.allocate(12).putInt(0, 1));
        await("kill-pending", attempt::killPending);
        peer.frame(Protocol.ENDED, AttemptFileWriter.payload(1, 4, 0));

        assertThat(end(attempt).status()).isEqualTo(new Exited(4));
        assertThat(attempt.killPending()).isFalse();
        assertThat(done).contains(attempt);
    }

    @Test
    void nonsenseIsSettledFromTheFile() throws Exception {
        new AttemptFileWriter()
                .state(LiveCounters.STATE_ENDED)
                .record(AttemptFileWriter.payload(1, 9, 0))
                .to(directory.resolve("file"));
        attempt.follow(peer.connection, TRUNCATED, THREADS);

        peer.frame(Protocol.STARTED, FakePeer.numbers(1, 2));

        assertThat(end(attempt).status()).isEqualTo(new Exited(9));
    }

    @Test
    void silenceWithoutRecordIsUnknown() throws Exception {
        new AttemptFileWriter().counters(false, 12, 12).to(directory.resolve("file"));
        attempt.follow(peer.connection, TRUNCATED, THREADS);

        peer.end();

        ProcessResult result = end(attempt);
        assertThat(result.status()).isEqualTo(new Unknown(Unknown.Why.SUPERVISOR_LOST));
        assertThat(result.stopCause()).isEqualTo(StopCause.SUPERVISOR_LOST);
        assertThat(result.finishedAt()).isEqualTo(NOW);
        assertThat(result.output().stdoutBytes()).isEqualTo(12);
        assertThat(result.usage()).isNull();
    }

    @Test
    void f32_damageIsUnknown() throws Exception {
        new AttemptFileWriter()
                .record(AttemptFileWriter.payload(1, 0, 0))
                .put(Protocol.RECORD_AT + 30, 1)
                .to(directory.resolve("file"));
        attempt.follow(peer.connection, TRUNCATED, THREADS);

        peer.end();

        assertThat(end(attempt).status()).isEqualTo(new Unknown(Unknown.Why.RECORD_DAMAGED));
        assertThat(end(attempt).stopCause()).isEqualTo(StopCause.NONE);
    }

    @Test
    void fileThatIsGoneIsUnknown() throws Exception {
        attempt.follow(peer.connection, TRUNCATED, THREADS);

        peer.end();

        assertThat(end(attempt).status()).isEqualTo(new Unknown(Unknown.Why.SUPERVISOR_LOST));
    }

    @Test
    void lettingGoWakesThoseWhoWait() throws Exception {
        attempt.follow(peer.connection, TRUNCATED, THREADS);
        FutureTask<ProcessResult> waiting = new FutureTask<>(attempt::awaitExit);
        THREADS.newThread(waiting).start();

        attempt.close();

        assertThatThrownBy(() -> waiting.get(LauncherFixture.LONG.toSeconds(), TimeUnit.SECONDS))
                .cause()
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> attempt.awaitExit(Duration.ZERO)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void causesAndSignalsThatAreNoneAreRefused() {
        attempt.follow(peer.connection, TRUNCATED, THREADS);

        assertThatThrownBy(() -> attempt.stop(new StopPolicy(StopCause.NONE, Duration.ZERO)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> attempt.stop(new StopPolicy(StopCause.SUPERVISOR_LOST, Duration.ZERO)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> attempt.signal(0, true)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> attempt.signal(65, true)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void consumedPositionsAreToldWhenTheyGrow() throws Exception {
        attempt.follow(peer.connection, BLOCKED, THREADS);

        attempt.consumed(0, 0);
        attempt.consumed(10, 0);
        attempt.consumed(10, 0);
        attempt.consumed(9, 0);
        attempt.consumed(5, 7);

        assertThat(peer.receive(Protocol.CONSUMED, 16)).isEqualTo(FakePeer.numbers(10, 0));
        assertThat(peer.receive(Protocol.CONSUMED, 16)).isEqualTo(FakePeer.numbers(10, 7));
        assertThatThrownBy(() -> attempt.consumed(-1, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void consumedPositionsAreKeptForASupervisorThatIsReachedLater() throws Exception {
        attempt.consumed(3, 4);
        attempt.follow(peer.connection, BLOCKED, THREADS);

        peer.frame(Protocol.ATTACHED, FakePeer.numbers(1, 2));

        assertThat(peer.receive(Protocol.CONSUMED, 16)).isEqualTo(FakePeer.numbers(3, 4));
    }

    @Test
    void consumedIsNotToldWhereNobodyWaits() throws Exception {
        attempt.follow(peer.connection, TRUNCATED, THREADS);

        attempt.consumed(3, 4);
        attempt.signal(15, false);

        peer.receive(Protocol.SIGNAL, 8);
    }
}
