package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.support.Threads;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts and stops that overtake each other in every way that a seed can think of. */
final class StartStopRaceTest {
    private static final int ROUNDS = 10_000;
    private static final int AT_ONCE = 8;

    @TempDir
    private Path data;

    @Test
    void f15_tenThousandRacesNeverTellOfALivingProcessThatItNeverStarted() throws Exception {
        long seed = Long.getLong("hufu.seed", System.nanoTime());
        Random random = new Random(seed);
        Queue<String> lies = new ConcurrentLinkedQueue<>();
        Map<String, Integer> seen = new ConcurrentHashMap<>();
        try (AgentFixture node = new AgentFixture(data).limits(4 * AT_ONCE, 2)) {
            node.machine.beforeLaunch(file -> dawdle(seed + file.hashCode()));
            node.machine.afterLaunch(file -> dawdle(seed - file.hashCode()));
            FakeLink link = new FakeLink(true, message -> {
                if (message instanceof AgentMessage.Ended(AttemptId attempt, Outcome outcome)) {
                    check(node, attempt, outcome, lies);
                    seen.merge(outcome.ending().getClass().getSimpleName(), 1, Integer::sum);
                }
            });
            Agent agent = node.start(link, new MemoryAttemptJournal(node.disk));
            for (int first = 0; first < ROUNDS; first += AT_ONCE) {
                race(link, first, random);
                link.clear();
            }
            assertThat(lies).as("seed %d", seed).isEmpty();
            assertThat(seen.values().stream().mapToInt(Integer::intValue).sum()).isGreaterThanOrEqualTo(ROUNDS);
            assertThat(seen).as("both ways were seen").containsOnlyKeys("NeverStarted", "Signaled");
            assertThat(agent.running()).isZero();
            assertThat(node.disk.live()).isEmpty();
            assertThat(node.machine.processes()).as("seed %d", seed).noneMatch(FakeProcessLauncher.FakeProcess::alive);
        }
    }

    private static void race(FakeLink link, int first, Random random) throws InterruptedException {
        List<Thread> senders = new ArrayList<>();
        for (int task = first; task < first + AT_ONCE; task++) {
            AttemptId attempt = Samples.attempt(task);
            senders.add(sender(link, Samples.start(attempt), random.nextLong()));
            senders.add(sender(link, new ServerMessage.StopAttempt(attempt, Duration.ZERO), random.nextLong()));
            if (random.nextInt(4) == 0) {
                senders.add(sender(link, Samples.start(attempt), random.nextLong()));
            }
        }
        senders.forEach(Thread::start);
        for (Thread sender : senders) {
            sender.join();
        }
        for (int task = first; task < first + AT_ONCE; task++) {
            link.awaitEnded(Samples.attempt(task));
            link.deliver(new ServerMessage.Acknowledged(Samples.attempt(task)));
        }
    }

    private static Thread sender(FakeLink link, ServerMessage message, long seed) {
        return Threads.virtual("sender", () -> {
            dawdle(seed);
            link.deliver(message);
        });
    }

    private static void dawdle(long seed) {
        Random random = new Random(seed);
        switch (random.nextInt(4)) {
            case 0 -> LockSupport.parkNanos(1);
            case 1 -> LockSupport.parkNanos(random.nextInt(200_000));
            case 2 -> LockSupport.parkNanos(random.nextInt(1_000_000));
            default -> Thread.onSpinWait();
        }
    }

    private static void check(AgentFixture node, AttemptId attempt, Outcome outcome, Queue<String> lies) {
        boolean launched = node.machine.process(node.file(attempt)).isPresent();
        boolean alive = launched && node.process(attempt).alive();
        boolean neverStarted = outcome.ending() instanceof Outcome.Ending.NeverStarted;
        if (alive || launched == neverStarted) {
            lies.add(attempt + " launched=" + launched + " alive=" + alive + " told " + outcome.ending());
        }
    }
}
