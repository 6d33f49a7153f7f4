package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Answers that go on, under load and over many breaks. */
@Tag("long")
final class StreamLoadTest {
    private static final long GIB = 1L << 30;

    /** How much a follower got, and how much of it were gaps. */
    private record Got(long bytes, long missing, JsonNode end) {}

    @Test
    @Timeout(600)
    void f26_aGibibyteOfFastOutputDoesNotWaitForASlowFollower(@TempDir Path data) throws Exception {
        try (ServerProcess server = ServerProcess.started(data);
                ExecutorService one = Executors.newSingleThreadExecutor()) {
            String run = server.api().submit(Api.shell("sleep 1; exec head -c " + GIB + " /dev/zero"));
            server.api().awaitRunning(run);
            Feed feed = Feed.narrow(
                    server,
                    "/api/v1/tasks/" + run + ".0/output?follow=true&stream=stdout",
                    16_384,
                    "Accept",
                    "application/x-ndjson");
            long before = Proc.residentBytes(server.pid());
            JsonNode first = feed.frame();
            JsonNode task = server.api().awaitTask(run);
            assertThat(Api.state(task)).isEqualTo("SUCCEEDED");
            assertThat(task.at("/output/stdoutBytes").asLong()).isEqualTo(GIB);
            Future<Got> got = one.submit(() -> slowly(feed, first));
            Got all = got.get(300, TimeUnit.SECONDS);
            assertThat(all.bytes() + all.missing()).isEqualTo(GIB);
            assertThat(all.end().at("/end/stdoutBytes").asLong()).isEqualTo(GIB);
            assertThat(all.end().at("/end/truncated").asBoolean()).isTrue();
            assertThat(all.bytes()).isGreaterThanOrEqualTo(16 << 20);
            assertThat(Proc.residentBytes(server.pid()) - before).isLessThan(64 << 20);
            feed.close();
        }
    }

    private static Got slowly(Feed feed, JsonNode first) throws Exception {
        long bytes = 0;
        long missing = 0;
        JsonNode frame = first;
        while (!frame.has("end")) {
            if (frame.has("gap")) {
                missing += frame.at("/gap/to").asLong() - frame.at("/gap/from").asLong();
            } else {
                bytes += Feed.data(frame).length;
            }
            Thread.sleep(1);
            frame = feed.frame();
        }
        return new Got(bytes, missing, frame);
    }

    @Test
    @Timeout(600)
    void f27_aHundredReconnectsAndFiveRestartsLoseNoByteAndRepeatNone(@TempDir Path data) throws Exception {
        StreamTest.reconnecting(data, 100, 5);
    }
}
