package dev.hufu.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * P3: durable submits, while every slot is held by a sleeper so that nothing else runs, beside a C program that appends and
 * syncs one record after the other.
 */
final class SubmitBench implements Benchmark {
    private static final int CONNECTIONS = 64;
    private static final String RECORD_BYTES = "512";

    @Override
    public int defaultCount() {
        return 50_000;
    }

    @Override
    public void run(Setting setting, Report report) throws Exception {
        Place place = setting.place();
        int count = setting.count();
        List<Sample> ours = new ArrayList<>();
        List<Sample> limits = new ArrayList<>();
        long all = (setting.rounds() + 1L) * count + 1;
        try (HufuProcess server =
                HufuProcess.start(place, place.fresh("data"), "--max-running", "1", "--queue", Long.toString(all))) {
            server.post(
                    "/api/v1/runs", HufuProcess.body(",\"timeout\":\"none\"", "sleep", "1000000"), java.util.Map.of());
            server.awaitRunning(1);
            HttpLoad load = server.load(HufuProcess.body("", "true"));
            load.measure(CONNECTIONS, count);
            for (int round = 0; round < setting.rounds(); round++) {
                limits.add(place.limitSample(
                        "sync", place.fresh("log").toString(), Integer.toString(Math.min(count, 2_000)), RECORD_BYTES));
                ours.add(load.measure(CONNECTIONS, count));
            }
        }
        report.rates("P3", "durable submits, 64 connections", ours, limits, "C, append and fdatasync");
    }
}
