package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.support.Threads;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

final class StartGateTest {
    private final ManualTimers timers = new ManualTimers();
    private final StartGate gate = new StartGate(2, timers);

    private CountDownLatch enterElsewhere() {
        CountDownLatch entered = new CountDownLatch(1);
        Threads.virtual("enters", () -> {
                    try {
                        gate.enter();
                        entered.countDown();
                    } catch (InterruptedException _) {
                        // The test is over.
                    }
                })
                .start();
        return entered;
    }

    @Test
    void aPermitIsFreeShortlyAfterExec() throws Exception {
        gate.enter().executed();
        gate.enter();
        CountDownLatch third = enterElsewhere();
        timers.advance(StartGate.AFTER_EXEC.minusNanos(1));
        assertThat(third.getCount()).isEqualTo(1);
        timers.advance(Duration.ofNanos(1));
        third.await();
    }

    @Test
    void aPermitIsFreeAtTheCommandsEndAndOnlyOnce() throws Exception {
        StartGate.Permit first = gate.enter();
        first.executed();
        gate.enter();
        CountDownLatch third = enterElsewhere();
        first.close();
        third.await();
        first.close();
        timers.advance(StartGate.AFTER_EXEC);
        CountDownLatch fourth = enterElsewhere();
        assertThat(fourth.getCount()).isEqualTo(1);
    }
}
