package dev.hufu.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

final class BeginningTest {
    @Test
    void itGoesOnBesideAndIsWaitedFor() throws InterruptedException {
        CountDownLatch wanted = new CountDownLatch(1);
        AtomicBoolean done = new AtomicBoolean();
        Beginning beginning = Beginning.of("beginning", () -> {
            try {
                wanted.await();
                done.set(true);
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
        });
        assertThat(done).isFalse();
        wanted.countDown();
        beginning.await();
        assertThat(done).isTrue();
    }

    @Test
    void whatItThrowsIsThrownToWhoWaits() {
        Beginning beginning = Beginning.of("beginning", () -> {
            throw new IllegalStateException("no launcher");
        });
        assertThatThrownBy(beginning::await)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("no launcher");
    }
}
