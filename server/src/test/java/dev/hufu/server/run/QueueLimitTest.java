package dev.hufu.server.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.Core;
import dev.hufu.server.FakeTimers;
import dev.hufu.support.SystemTimers;
import dev.hufu.support.Threads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

final class QueueLimitTest {
    private final FakeTimers timers = new FakeTimers();
    private final AtomicLong pending = new AtomicLong();

    private CompletableFuture<String> enter(QueueLimit limit) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        Threads.virtual("caller", () -> {
                    try {
                        answer.complete(limit.enter(1, pending::get, () -> "stored " + pending.incrementAndGet()));
                    } catch (Refusal refused) {
                        answer.complete(refused.kind().code());
                    }
                })
                .start();
        return answer;
    }

    @Test
    void aRefusalIsHeldFiftyToAHundredMilliseconds() throws Exception {
        QueueLimit limit = new QueueLimit(1, 10, timers);
        assertThat(enter(limit).get(30, TimeUnit.SECONDS)).isEqualTo("stored 1");
        CompletableFuture<String> held = enter(limit);
        Core.await("it is held", () -> timers.scheduled() == 1);
        timers.advance(Duration.ofMillis(49));
        assertThat(timers.scheduled()).isEqualTo(1);
        timers.advance(Duration.ofMillis(51));
        assertThat(held.get(30, TimeUnit.SECONDS)).isEqualTo(ErrorKind.QUEUE_FULL.code());
    }

    @Test
    void onlySoManyAreHeldAtOnce() throws Exception {
        QueueLimit limit = new QueueLimit(1, 2, timers);
        enter(limit).get(30, TimeUnit.SECONDS);
        List<CompletableFuture<String>> held = List.of(enter(limit), enter(limit));
        Core.await("two are held", () -> timers.scheduled() == 2);
        assertThat(enter(limit).get(30, TimeUnit.SECONDS)).as("at once").isEqualTo(ErrorKind.QUEUE_FULL.code());
        timers.advance(Duration.ofMillis(100));
        for (CompletableFuture<String> each : held) {
            assertThat(each.get(30, TimeUnit.SECONDS)).isEqualTo(ErrorKind.QUEUE_FULL.code());
        }
        CompletableFuture<String> again = enter(limit);
        Core.await("the places are free again", () -> timers.scheduled() == 1);
        timers.advance(Duration.ofMillis(100));
        assertThat(again.get(30, TimeUnit.SECONDS)).isEqualTo(ErrorKind.QUEUE_FULL.code());
    }

    @Test
    void roomThatComesMeanwhileIsTaken() throws Exception {
        QueueLimit limit = new QueueLimit(1, 2, timers);
        enter(limit).get(30, TimeUnit.SECONDS);
        CompletableFuture<String> held = enter(limit);
        Core.await("it is held", () -> timers.scheduled() == 1);
        pending.set(0);
        timers.advance(Duration.ofMillis(100));
        assertThat(held.get(30, TimeUnit.SECONDS)).isEqualTo("stored 1");
    }

    @Test
    void f06_manyAtOnceNeverOverfillIt() throws Exception {
        SystemTimers clock = new SystemTimers();
        QueueLimit limit = new QueueLimit(50, 0, clock);
        List<Thread> callers = new ArrayList<>();
        AtomicLong refused = new AtomicLong();
        for (int i = 0; i < 500; i++) {
            callers.add(Threads.virtual("caller", () -> {
                try {
                    limit.enter(1, pending::get, () -> {
                        return pending.incrementAndGet();
                    });
                } catch (Refusal full) {
                    refused.incrementAndGet();
                }
            }));
        }
        callers.forEach(Thread::start);
        for (Thread caller : callers) {
            caller.join();
        }
        clock.stop();
        assertThat(pending.get()).isLessThanOrEqualTo(50);
        assertThat(pending.get() + refused.get()).isEqualTo(500);
        pending.set(0);
        Assertions.assertThat(limit.<Long>enter(50, pending::get, () -> 1L)).isEqualTo(1L);
    }
}
