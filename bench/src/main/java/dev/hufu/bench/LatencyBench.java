package dev.hufu.bench;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** P13: what a person waits for on an idle server, beside C that does the same with nothing in between. */
final class LatencyBench implements Benchmark {
    private static final int PACE_MILLIS = 20;

    @Override
    public int defaultCount() {
        return 200;
    }

    @Override
    public void run(Setting setting, Report report) throws Exception {
        Place place = setting.place();
        int count = setting.count();
        Pairs starts = new Pairs();
        Pairs lines = new Pairs();
        Pairs stops = new Pairs();
        try (HufuProcess server = HufuProcess.start(place, place.fresh("data"))) {
            starts(server, count);
            for (int round = 0; round < setting.rounds(); round++) {
                JsonNode limit = place.limit("latency", Integer.toString(count));
                starts.add(starts(server, count), millis(limit, "startP99Micros"));
                lines.add(lines(place, server, count), millis(limit, "lineP99Micros"));
                stops.add(stops(server, Math.max(1, count / 10)), millis(limit, "stopP99Micros"));
            }
        }
        report.ratio("P13", "submit to start, p99", starts, "ms", "C, vfork and exec");
        report.ratio("P13", "write to follower, p99", lines, "ms", "C, through a pipe");
        report.ratio("P13", "cancel to proof, p99", stops, "ms", "C, TERM to reaped");
    }

    private static double millis(JsonNode limit, String name) {
        return limit.path(name).asDouble() / 1e3;
    }

    private static double p99(double[] millis) {
        double[] sorted = millis.clone();
        Arrays.sort(sorted);
        return sorted[(int) Math.min(sorted.length - 1, Math.round(sorted.length * 0.99))];
    }

    private static double now() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1e3 + now.getNano() / 1e6;
    }

    private static double millis(JsonNode time) {
        return Instant.parse(time.asString()).toEpochMilli();
    }

    private static double starts(HufuProcess server, int count) throws Exception {
        double[] millis = new double[count];
        for (int i = 0; i < count; i++) {
            double sent = now();
            JsonNode run = server.post("/api/v1/runs", HufuProcess.body("", "true"), Map.of("Prefer", "wait=60"));
            millis[i] = Math.max(0, millis(run.path("tasks").path(0).path("startedAt")) - sent);
        }
        return p99(millis);
    }

    /** By the time that stands in each line. */
    private static double lines(Place place, HufuProcess server, int count) throws Exception {
        JsonNode run = server.post(
                "/api/v1/runs",
                HufuProcess.body("", place.limit().toString(), "stamp", "" + count, "" + PACE_MILLIS),
                Map.of());
        double[] millis = new double[count];
        HttpURLConnection output =
                server.connect("/api/v1/tasks/" + run.path("id").asString() + ".0/output?stream=stdout&follow=true");
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(output.getInputStream(), StandardCharsets.UTF_8))) {
            for (int i = 0; i < count; i++) {
                String line = reader.readLine();
                millis[i] = now() - Long.parseLong(line) / 1e6;
            }
        }
        return p99(millis);
    }

    private static double stops(HufuProcess server, int count) throws Exception {
        double[] millis = new double[count];
        for (int i = 0; i < count; i++) {
            JsonNode run =
                    server.post("/api/v1/runs", HufuProcess.body("", "sh", "-c", "sleep 1000 & sleep 1000"), Map.of());
            String path = "/api/v1/runs/" + run.path("id").asString();
            while (!server.get(path).path("state").asString().equals("RUNNING")) {
                Thread.onSpinWait();
            }
            double sent = now();
            server.post(path + "/cancel", "", Map.of());
            JsonNode ended = server.get(path);
            while (!ended.path("finishedAt").isString()) {
                ended = server.get(path);
            }
            millis[i] = Math.max(0, millis(ended.path("finishedAt")) - sent);
        }
        return p99(millis);
    }
}
