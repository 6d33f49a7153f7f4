package dev.hufu.bench;

import java.nio.file.Path;

/**
 * P7 and P13: a server killed with -9 and started again, with many runs in its store and commands that go on meanwhile. The
 * limit is a C program that reads the store's file once.
 */
final class RestartBench implements Benchmark {
    private static final int CONNECTIONS = 64;
    private static final int MOST_RUNNING = 1_000;

    @Override
    public int defaultCount() {
        return 100_000;
    }

    @Override
    public void run(Setting setting, Report report) throws Exception {
        Place place = setting.place();
        Path data = place.fresh("data");
        int running = Math.max(1, Math.min(MOST_RUNNING, setting.count() / 10));
        String[] options = {"--max-running", "" + running, "--queue", "" + (setting.count() + running)};
        HufuProcess server = HufuProcess.start(place, data, options);
        try {
            server.load(HufuProcess.body(",\"timeout\":\"none\"", "sleep", "1000000"))
                    .measure(16, running);
            server.awaitRunning(running);
            server.load(HufuProcess.body("", "true")).measure(CONNECTIONS, setting.count());
            Pairs ready = new Pairs();
            Pairs found = new Pairs();
            for (int round = 0; round < setting.rounds(); round++) {
                server.kill();
                double read = place.limit("read", data.resolve("hufu.db").toString())
                        .path("seconds")
                        .asDouble();
                long begin = System.nanoTime();
                server = HufuProcess.start(place, data, options);
                server.awaitRunning(running);
                found.add((System.nanoTime() - begin) / 1e9, read);
                ready.add(server.readySeconds(), read);
            }
            String against = "C, reading the store's file";
            report.ratio("P7", "ready after kill -9, " + setting.count() + " runs pending", ready, "s", against);
            report.ratio("P13", "the same, until " + running + " commands are found again", found, "s", against);
            // They belong to the launcher of the first server, and would outlive the last.
            server.cancelRunning();
        } finally {
            server.close();
        }
    }
}
