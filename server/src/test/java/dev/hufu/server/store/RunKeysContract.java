package dev.hufu.server.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.RunId;
import dev.hufu.server.FakeTimers;
import dev.hufu.server.Samples;
import dev.hufu.support.Timers;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link RunStore} makes of idempotency keys. */
public abstract class RunKeysContract {
    private final FakeTimers timers = new FakeTimers();
    private @Nullable RunStore opened;

    /** Opens the store of this test; again after it was closed. */
    protected abstract RunStore open(Timers clock);

    @BeforeEach
    final void openStore() {
        opened = open(timers);
    }

    @AfterEach
    final void closeStore() {
        store().close();
    }

    private RunStore store() {
        return Objects.requireNonNull(opened);
    }

    private void reopen() {
        store().close();
        opened = open(timers);
    }

    @Test
    final void f01_aKnownKeyAnswersWithTheFirstRunAndItsBody() {
        NewRun first = keyed("key-1", "fingerprint", "body");
        assertThat(store().insert(first)).isEqualTo(new RunStore.Inserted.Created(first.run()));
        assertThat(store().insert(keyed("key-1", "fingerprint", "other body")))
                .isEqualTo(new RunStore.Inserted.Replayed(first.run().id(), Bytes.of("body".getBytes(UTF_8))));
        assertThat(store().pendingTasks()).isEqualTo(1);
        assertThat(store().auditEntries(1, 10)).hasSize(1);

        reopen();
        assertThat(store().insert(keyed("key-1", "fingerprint", "third body")))
                .isInstanceOf(RunStore.Inserted.Replayed.class);
    }

    @Test
    final void f01_whatAKeyIsKnownForCanBeAsked() {
        NewRun first = keyed("key-1", "fingerprint", "body");
        NewRun.Idempotency key = Objects.requireNonNull(first.idempotency());
        assertThat(store().known(key.caller(), "key-1", "fingerprint")).isEmpty();
        store().insert(first);
        assertThat(store().known(key.caller(), "key-1", "fingerprint"))
                .contains(new RunStore.Inserted.Replayed(first.run().id(), Bytes.of("body".getBytes(UTF_8))));
        assertThat(store().known(key.caller(), "key-1", "another")).contains(new RunStore.Inserted.KeyReused());
        assertThat(store().known("another", "key-1", "fingerprint")).isEmpty();
    }

    @Test
    final void b16_aKeyWithAnotherRequestIsReused() {
        store().insert(keyed("key-1", "fingerprint", "body"));
        assertThat(store().insert(keyed("key-1", "another", "body"))).isEqualTo(new RunStore.Inserted.KeyReused());
    }

    @Test
    final void keysOfDifferentCallersAreDifferent() {
        store().insert(keyed("key-1", "fingerprint", "body"));
        NewRun other = Samples.run(
                timers.now(),
                1,
                new NewRun.Idempotency("token:other", "key-1", "fingerprint", Bytes.of("x".getBytes(UTF_8))));
        assertThat(store().insert(other)).isInstanceOf(RunStore.Inserted.Created.class);
    }

    @Test
    final void aKeyCountsFor24Hours() {
        store().insert(keyed("key-1", "fingerprint", "body"));
        timers.advance(Duration.ofHours(24).minusMillis(1));
        assertThat(store().insert(keyed("key-1", "another", "body"))).isInstanceOf(RunStore.Inserted.KeyReused.class);

        timers.advance(Duration.ofMillis(1));
        NewRun second = keyed("key-1", "another", "second body");
        assertThat(store().insert(second)).isInstanceOf(RunStore.Inserted.Created.class);
        assertThat(store().insert(keyed("key-1", "another", "third")))
                .isEqualTo(new RunStore.Inserted.Replayed(second.run().id(), Bytes.of("second body".getBytes(UTF_8))));
    }

    @Test
    final void manyWithTheSameKeyAtOnceMakeOneRun() throws InterruptedException {
        Set<RunId> runs = ConcurrentHashMap.newKeySet();
        RunStoreContract.inParallel(32, i -> {
            switch (store().insert(keyed("same", "fingerprint", "body"))) {
                case RunStore.Inserted.Created created -> runs.add(created.run().id());
                case RunStore.Inserted.Replayed replayed -> runs.add(replayed.run());
                case RunStore.Inserted.KeyReused _ -> throw new AssertionError("same fingerprint");
            }
        });
        assertThat(runs).hasSize(1);
        assertThat(store().pendingTasks()).isEqualTo(1);
    }

    private NewRun keyed(String key, String fingerprint, String answer) {
        return Samples.keyed(timers.now(), key, fingerprint, answer);
    }
}
