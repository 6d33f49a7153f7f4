package dev.hufu.bench;

import java.time.Duration;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** P11: commands executed a second while 64 clients flood a full queue, beside the same server kept busy by four polite ones. */
final class FloodBench implements Benchmark {
    private static final int FLOOD = 64;
    private static final int POLITE = 4;
    private static final int QUEUE = 500;
    private static final Duration PATIENCE = Duration.ofMillis(100);

    @Override
    public int defaultCount() {
        return 5;
    }

    @Override
    public void run(Setting setting, Report report) throws Exception {
        Place place = setting.place();
        Duration window = Duration.ofSeconds(setting.count());
        Pairs executed = new Pairs();
        double refused = 0;
        double slowest = 0;
        try (HufuProcess server = HufuProcess.start(place, place.fresh("data"), "--queue", Integer.toString(QUEUE))) {
            HttpLoad load = server.load(HufuProcess.body("", "true"));
            round(server, load, POLITE, PATIENCE, window);
            for (int round = 0; round < setting.rounds(); round++) {
                Round polite = round(server, load, POLITE, PATIENCE, window);
                Round flooded = round(server, load, FLOOD, Duration.ZERO, window);
                executed.add(flooded.executed(), polite.executed());
                refused = Math.max(refused, flooded.refused());
                slowest = Math.max(slowest, flooded.healthMillis());
            }
        }
        report.ratio(
                "P11", "commands executed, queue flooded by 64 clients", executed, "/s", "kept full by 4 polite ones");
        report.figure("P11", "refusals while flooded, at most", refused, "/s");
        report.figure("P11", "slowest answer to a health check while flooded", slowest, "ms");
    }

    private record Round(double executed, double refused, double healthMillis) {}

    /** What was executed is what was accepted, less what still waits when the window closes. */
    private static Round round(HufuProcess server, HttpLoad load, int clients, Duration pause, Duration window)
            throws Exception {
        long begin = System.nanoTime();
        long end = begin + window.toNanos();
        Health health = new Health(server, end);
        Thread watcher = Thread.ofVirtual().start(health);
        Map<Integer, Long> answers = load.flood(clients, pause, () -> System.nanoTime() < end);
        long waiting = pending(server);
        double seconds = (System.nanoTime() - begin) / 1e9;
        watcher.join();
        long accepted = answers.getOrDefault(202, 0L);
        long refused = answers.values().stream().mapToLong(each -> each).sum() - accepted;
        while (pending(server) > 0) {
            Thread.sleep(Duration.ofMillis(20));
        }
        return new Round((accepted - waiting) / seconds, refused / seconds, health.slowestMillis);
    }

    private static long pending(HufuProcess server) throws Exception {
        long count = 0;
        String cursor = "";
        while (true) {
            JsonNode page = server.get("/api/v1/runs?state=PENDING&limit=500" + cursor);
            count += page.path("items").size();
            if (!page.path("nextCursor").isString()) {
                return count;
            }
            cursor = "&cursor=" + page.path("nextCursor").asString();
        }
    }

    /** Asks for health all the while. */
    private static final class Health implements Runnable {
        private final HufuProcess server;
        private final long end;
        private volatile double slowestMillis;

        Health(HufuProcess server, long end) {
            this.server = server;
            this.end = end;
        }

        @Override
        public void run() {
            try {
                while (System.nanoTime() < end) {
                    long begin = System.nanoTime();
                    server.connect("/healthz").getInputStream().readAllBytes();
                    slowestMillis = Math.max(slowestMillis, (System.nanoTime() - begin) / 1e6);
                    Thread.sleep(Duration.ofMillis(50));
                }
            } catch (java.io.IOException failed) {
                throw new java.io.UncheckedIOException(failed);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
