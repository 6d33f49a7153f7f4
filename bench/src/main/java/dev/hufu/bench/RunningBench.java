package dev.hufu.bench;

/** P5: what commands cost that run at once: platform threads, memory of the server, memory of the supervisors. */
final class RunningBench implements Benchmark {
    private static final double MEBIBYTE = 1 << 20;

    @Override
    public int defaultCount() {
        return 1_000;
    }

    @Override
    public void run(Setting setting, Report report) throws Exception {
        Place place = setting.place();
        try (HufuProcess server =
                HufuProcess.start(place, place.fresh("data"), "--max-running", "" + setting.count())) {
            server.run(HufuProcess.body("", "true"));
            long threads = Processes.threads(server.pid());
            long resident = server.resident();
            String body = HufuProcess.body(",\"timeout\":\"none\"", "sleep", "1000000");
            server.load(body).measure(16, setting.count());
            server.awaitRunning(setting.count());
            Processes.Memory supervisors = Processes.supervisors(server.pid());
            while (supervisors.processes() < setting.count()) {
                // At work counts from the order on.
                supervisors = Processes.supervisors(server.pid());
            }
            String what = setting.count() + " running: ";
            report.figure(
                    "P5", what + "platform threads above idle", Processes.threads(server.pid()) - (double) threads, "");
            report.figure(
                    "P5",
                    what + "resident memory of the server above idle",
                    (server.resident() - resident) / MEBIBYTE,
                    "MiB");
            Pairs memory = new Pairs();
            memory.add(supervisors.resident() / MEBIBYTE, supervisors.proportional() / MEBIBYTE);
            report.ratio(
                    "P5",
                    what + supervisors.processes() + " supervisors, resident, shared pages counted in each",
                    memory,
                    "MiB",
                    "each page counted once");
        }
    }
}
