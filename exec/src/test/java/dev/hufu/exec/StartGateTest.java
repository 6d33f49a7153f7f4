package dev.hufu.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class StartGateTest {
    private static final Duration AT_ONCE = Duration.ZERO;
    private static final Duration NEVER = Duration.ofDays(1);
    private static final long PID = 4711;

    private final BlockingQueue<String> entered = new LinkedBlockingQueue<>();
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
    private final List<Thread> threads = new ArrayList<>();
    private final Set<Long> computing = ConcurrentHashMap.newKeySet();

    @AfterEach
    void end() throws InterruptedException {
        for (Thread thread : threads) {
            thread.interrupt();
            thread.join();
        }
    }

    private StartGate gate(Duration atLeast, Duration atMost) {
        return new StartGate(1, now::get, atLeast, atMost, computing::contains);
    }

    /** Returns once the thread waits at the gate, or is through it. */
    private void enterElsewhere(StartGate gate, String name) throws InterruptedException {
        int before = entered.size();
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                gate.enter();
                entered.add(name);
            } catch (InterruptedException _) {
                // The test is over.
            }
        });
        threads.add(thread);
        while (thread.getState() != Thread.State.WAITING
                && thread.getState() != Thread.State.TIMED_WAITING
                && entered.size() == before) {
            Thread.onSpinWait();
        }
    }

    private String next() throws InterruptedException {
        String name = entered.poll(1, TimeUnit.MINUTES);
        assertThat(name).isNotNull();
        return name;
    }

    @Test
    void aStartThatIsOverLetsTheNextIn() throws Exception {
        StartGate gate = gate(AT_ONCE, NEVER);
        gate.enter().executed(PID);
        enterElsewhere(gate, "second");
        assertThat(next()).isEqualTo("second");
    }

    @Test
    void oneThatHasNotExecutedIsWaitedFor() throws Exception {
        StartGate gate = gate(AT_ONCE, AT_ONCE);
        StartGate.Permit first = gate.enter();
        enterElsewhere(gate, "second");
        assertThat(entered).isEmpty();
        first.executed(PID);
        assertThat(next()).isEqualTo("second");
    }

    @Test
    void oneThatComputesIsWaitedForUntilItEnds() throws Exception {
        StartGate gate = gate(Duration.ofMillis(1), NEVER);
        computing.add(PID);
        StartGate.Permit first = gate.enter();
        first.executed(PID);
        now.set(now.get().plusMillis(1));
        enterElsewhere(gate, "second");
        assertThat(entered).isEmpty();
        first.close();
        assertThat(next()).isEqualTo("second");
    }

    @Test
    void oneThatComputesOnAndOnIsNotWaitedForBeyondTheLongest() throws Exception {
        StartGate gate = gate(AT_ONCE, Duration.ofMillis(1));
        computing.add(PID);
        gate.enter().executed(PID);
        now.set(now.get().plusMillis(1));
        enterElsewhere(gate, "second");
        assertThat(next()).isEqualTo("second");
    }

    @Test
    void whatEndsLetsTheNextInAndOnlyOne() throws Exception {
        StartGate gate = gate(NEVER, NEVER);
        StartGate.Permit first = gate.enter();
        first.executed(PID);
        enterElsewhere(gate, "second");
        enterElsewhere(gate, "third");
        first.close();
        assertThat(next()).isEqualTo("second");
        first.close();
        assertThat(entered).isEmpty();
        assertThat(threads.getLast().isAlive()).isTrue();
    }

    @Test
    void f41_aClockThatIsSetHoldsNobodyBack() throws Exception {
        StartGate gate = gate(NEVER, NEVER);
        gate.enter().executed(PID);
        now.set(now.get().minus(Duration.ofHours(1)));
        enterElsewhere(gate, "second");
        assertThat(next()).isEqualTo("second");
    }

    @Test
    void firstComeFirstServed() throws Exception {
        StartGate gate = gate(AT_ONCE, AT_ONCE);
        StartGate.Permit first = gate.enter();
        for (int i = 0; i < 5; i++) {
            enterElsewhere(gate, "waiter " + i);
        }
        first.close();
        assertThat(next()).isEqualTo("waiter 0");
    }

    @Test
    void whoGivesUpIsNotWaitedFor() throws Exception {
        StartGate gate = gate(NEVER, NEVER);
        StartGate.Permit first = gate.enter();
        enterElsewhere(gate, "second");
        enterElsewhere(gate, "third");
        threads.getFirst().interrupt();
        threads.getFirst().join();
        first.close();
        assertThat(next()).isEqualTo("third");
    }

    @Test
    void whetherAProcessComputesIsSeenFromItsState() throws Exception {
        StartGate gate = new StartGate(1, InstantSource.system(), AT_ONCE, NEVER, StartGate::computes);
        Process sleeper = new ProcessBuilder("sleep", "600").start();
        try {
            gate.enter().executed(sleeper.pid());
            enterElsewhere(gate, "second");
            assertThat(next()).isEqualTo("second");
        } finally {
            sleeper.destroyForcibly().waitFor();
        }
    }

    @Test
    void aGateWithoutPermitsIsNone() {
        assertThatThrownBy(() -> new StartGate(0, InstantSource.system())).isInstanceOf(IllegalArgumentException.class);
    }
}
