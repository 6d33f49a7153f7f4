package dev.hufu.bench;

import java.util.Map;

/** P6: heap and submit rate with a long queue of pending runs, beside the same server when it was empty. */
final class QueueBench implements Benchmark {
    private static final int CONNECTIONS = 64;
    private static final double MEBIBYTE = 1 << 20;

    @Override
    public int defaultCount() {
        return 1_000_000;
    }

    @Override
    public void run(Setting setting, Report report) throws Exception {
        Place place = setting.place();
        int sample = Math.max(1, Math.min(20_000, setting.count() / 10));
        long room = setting.count() + (2L * setting.rounds() + 1) * sample + 1;
        try (HufuProcess server =
                HufuProcess.start(place, place.fresh("data"), "--max-running", "1", "--queue", Long.toString(room))) {
            server.post("/api/v1/runs", HufuProcess.body(",\"timeout\":\"none\"", "sleep", "1000000"), Map.of());
            server.awaitRunning(1);
            HttpLoad load = server.load(HufuProcess.body("", "true"));
            load.measure(CONNECTIONS, sample);
            double[] empty = new double[setting.rounds()];
            for (int round = 0; round < setting.rounds(); round++) {
                empty[round] = load.measure(CONNECTIONS, sample).perSecond();
            }
            long before = Processes.heapAfterCollection(server.pid());
            load.measure(CONNECTIONS, setting.count());
            long after = Processes.heapAfterCollection(server.pid());
            Pairs rates = new Pairs();
            for (int round = 0; round < setting.rounds(); round++) {
                rates.add(load.measure(CONNECTIONS, sample).perSecond(), empty[round]);
            }
            String what = setting.count() + " runs pending: ";
            report.ratio("P6", what + "submits", rates, "/s", "the same server before");
            report.figure("P6", what + "growth of the heap after collection", (after - before) / MEBIBYTE, "MiB");
        }
    }
}
