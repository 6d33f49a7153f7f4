package dev.hufu.bench;

import tools.jackson.databind.JsonNode;

/** P4: a process that writes as fast as it can, beside a C program that reads its pipe, and one that also keeps all. */
final class OutputBench implements Benchmark {
    private static final long MEBIBYTE = 1 << 20;

    @Override
    public int defaultCount() {
        return 1_024;
    }

    @Override
    public void run(Setting setting, Report report) throws Exception {
        Place place = setting.place();
        String bytes = Long.toString(setting.count() * MEBIBYTE);
        String file = place.fresh("file").toString();
        Pairs kept = new Pairs();
        Pairs whole = new Pairs();
        try (HufuProcess server = HufuProcess.start(place, place.fresh("data"))) {
            server.run(HufuProcess.body("", place.limit().toString(), "emit", "1048576"));
            long before = server.resident();
            long most = before;
            for (int round = 0; round < setting.rounds(); round++) {
                double drained = rate(place.limit("drain", bytes));
                kept.add(ours(server, place, bytes, "16MiB"), drained);
                double stored = rate(place.limit("store", bytes, file));
                whole.add(ours(server, place, bytes, "1GiB"), stored);
                most = Math.max(most, server.resident());
            }
            String what = setting.count() + " MiB of output";
            report.ratio("P4", what + ", 16 MiB kept", kept, "MiB/s", "C, reading 64 KiB");
            report.ratio("P4", what + ", all kept", whole, "MiB/s", "C, reading and writing to a file");
            report.figure("P4", "growth of the server's memory", (double) (most - before) / MEBIBYTE, "MiB");
        }
    }

    private static double rate(JsonNode figures) {
        return figures.path("bytesPerSecond").asDouble() / MEBIBYTE;
    }

    /** By the time from the command's start to its end, as stored. */
    private static double ours(HufuProcess server, Place place, String bytes, String limit) throws Exception {
        JsonNode run = server.run(HufuProcess.body(
                ",\"limits\":{\"output\":\"" + limit + "\"}", place.limit().toString(), "emit", bytes));
        JsonNode task = run.path("tasks").path(0);
        if (task.path("output").path("stdoutBytes").asLong() != Long.parseLong(bytes)) {
            throw new IllegalStateException("not all output was counted: " + task);
        }
        double seconds = task.path("usage").path("wallMs").asDouble() / 1e3;
        return Long.parseLong(bytes) / Math.max(seconds, 0.001) / MEBIBYTE;
    }
}
