package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Submits under load while the server is killed at random moments, twenty times, then holds the history against what was
 * promised. The seed is printed; the moments of the kills follow from it.
 */
@Tag("long")
final class KillLoopTest {
    private static final int ROUNDS = 20;
    private static final int SUBMITTERS = 6;
    private static final String EXPECTED_OUTPUT = "begin\nmiddle\nend\n";

    @Test
    @Timeout(600)
    void f01_f17_f35_killedTwentyTimesUnderLoadNothingAcknowledgedIsLostOrDoneTwice(@TempDir Path directory)
            throws Exception {
        long seed = Long.getLong("hufu.seed", System.nanoTime());
        System.out.println("kill loop: seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        Path effects = directory.resolve("effects");
        Files.createFile(effects);
        Map<String, String> acknowledged = new ConcurrentHashMap<>();
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger keys = new AtomicInteger();
        try (ServerProcess server = ServerProcess.started(directory.resolve("data"))) {
            List<Thread> submitters = new ArrayList<>();
            for (int i = 0; i < SUBMITTERS; i++) {
                submitters.add(Thread.ofVirtual().start(() -> submitUntil(stop, server, effects, keys, acknowledged)));
            }
            for (int round = 0; round < ROUNDS; round++) {
                LockSupport.parkNanos(
                        Duration.ofMillis(random.nextInt(200, 2_000)).toNanos());
                server.kill9();
                server.start();
            }
            stop.set(true);
            for (Thread submitter : submitters) {
                submitter.join();
            }
            check(server, acknowledged, effects);
            assertThat(server.terminate()).isZero();
            checkAudit(AuditedHistory.read(server.data()), acknowledged.values());
        }
    }

    private static void submitUntil(
            AtomicBoolean stop,
            ServerProcess server,
            Path effects,
            AtomicInteger keys,
            Map<String, String> acknowledged) {
        while (!stop.get()) {
            String key = "k" + keys.incrementAndGet();
            Map<String, Object> body = Api.argv(
                    "/bin/sh",
                    "-c",
                    "echo begin; echo $HUFU_RUN_ID >> \"$1\"; echo middle; sleep 0.0$2; echo end",
                    "sh",
                    effects.toString(),
                    Integer.toString(key.hashCode() & 7));
            String id = submitWithRetries(server, key, body);
            acknowledged.put(key, id);
        }
    }

    /** The same key until there is an answer, as a careful caller does. */
    private static String submitWithRetries(ServerProcess server, String key, Map<String, Object> body) {
        long end = System.nanoTime() + Duration.ofSeconds(90).toNanos();
        while (true) {
            try {
                Api.Answer answer = server.api().post("/api/v1/runs", body, "Idempotency-Key", key);
                if (answer.status() == 202) {
                    return answer.body().get("id").asString();
                }
                assertThat(answer.status()).as("%s", answer.body()).isIn(409, 429, 503);
            } catch (IOException cut) {
                if (System.nanoTime() - end > 0) {
                    throw new IllegalStateException("no server for 90 s", cut);
                }
            } catch (InterruptedException interrupted) {
                throw new IllegalStateException("interrupted", interrupted);
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    private static void check(ServerProcess server, Map<String, String> acknowledged, Path effects) throws Exception {
        Map<String, Integer> done = new HashMap<>();
        Map<String, Integer> states = new TreeMap<>();
        Map<String, JsonNode> tasks = new HashMap<>();
        for (String run : acknowledged.values()) {
            JsonNode task = server.api().awaitTask(run, Duration.ofMinutes(2));
            tasks.put(run, task);
            states.merge(Api.state(task), 1, Integer::sum);
        }
        for (String line : Files.readAllLines(effects)) {
            done.merge(line, 1, Integer::sum);
        }
        System.out.println("kill loop: " + acknowledged.size() + " runs acknowledged: " + states);
        assertThat(acknowledged.values()).as("one run per key").doesNotHaveDuplicates();
        assertThat(done.values()).as("no side effect happened twice").allMatch(count -> count == 1);
        for (Map.Entry<String, JsonNode> entry : tasks.entrySet()) {
            String run = entry.getKey();
            String state = Api.state(entry.getValue());
            assertThat(state).as("%s", entry.getValue()).isIn("SUCCEEDED", "LOST");
            if (state.equals("SUCCEEDED")) {
                assertThat(done.get(run)).as("what succeeded was done: %s", run).isEqualTo(1);
                assertThat(new String(server.api().outputBytes(run, "stream=stdout"), StandardCharsets.UTF_8))
                        .isEqualTo(EXPECTED_OUTPUT);
            }
        }
        int succeeded = states.getOrDefault("SUCCEEDED", 0);
        int lost = states.getOrDefault("LOST", 0);
        int startingAtAKill = ROUNDS * 2 * Runtime.getRuntime().availableProcessors();
        assertThat(succeeded * 100L).as("%s", states).isGreaterThanOrEqualTo(acknowledged.size() * 95L);
        assertThat(lost).as("never more lost than were starting at a kill").isLessThanOrEqualTo(startingAtAKill);
        assertThat(Proc.pids(pid -> Proc.alive(pid)
                        && Proc.programsBelow(server.runtime()).contains(Proc.parent(pid))
                        && !Proc.programsBelow(server.runtime()).contains(pid)))
                .as("no process is left")
                .isEmpty();
    }

    /** F35: every state change has its audit entry, each task ended once, and the chain holds. */
    private static void checkAudit(AuditedHistory history, Iterable<String> runs) {
        assertThat(history.firstBroken()).isEmpty();
        for (String run : runs) {
            assertThat(history.actions(run)).as("audit of run %s", run).containsExactly("run.submitted");
            assertThat(history.terminalChanges(run + ".0"))
                    .as("ends of task %s.0 in the audit log", run)
                    .isEqualTo(1);
        }
    }
}
