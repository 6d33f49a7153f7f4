package dev.hufu.bench;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * P2: submit and wait over HTTP, durable and audited, beside C that only runs the command, and a plain server in Go with Gin
 * that stores nothing.
 */
final class WaitBench implements Benchmark {
    private static final String[] ARGV = {"/bin/sh", "-c", "echo hello"};
    private static final int[] CONNECTIONS = {16, 64};

    @Override
    public int defaultCount() {
        return 3_000;
    }

    @Override
    public void run(Setting setting, Report report) throws Exception {
        Place place = setting.place();
        Optional<Path> gin = place.gin();
        try (HufuProcess server = HufuProcess.start(place, place.fresh("data"));
                Program peer =
                        gin.isEmpty() ? null : Program.server(List.of(gin.get().toString()))) {
            String body = HufuProcess.body("", ARGV);
            HttpLoad toOurs = server.load(body, "Prefer: wait=60");
            HttpLoad toPeer = peer == null ? null : new HttpLoad(URI.create(peer.address() + "/api/v1/runs"), "", body);
            toOurs.measure(16, 2 * setting.count());
            for (int connections : CONNECTIONS) {
                int count = Math.max(setting.count(), connections);
                List<Sample> ours = new ArrayList<>();
                List<Sample> limits = new ArrayList<>();
                List<Sample> peers = new ArrayList<>();
                for (int round = 0; round < setting.rounds(); round++) {
                    limits.add(place.limitSample(
                            "spawn",
                            Integer.toString(connections),
                            Integer.toString(count),
                            ARGV[0],
                            ARGV[1],
                            ARGV[2]));
                    if (toPeer != null) {
                        peers.add(toPeer.measure(connections, count));
                    }
                    ours.add(toOurs.measure(connections, count));
                }
                String what = "submit and wait, " + connections + " connections";
                report.rates("P2", what, ours, limits, "C, vfork and exec, no server");
                if (toPeer != null) {
                    report.rates("P2", what, ours, peers, "Go, Gin and os/exec, nothing stored");
                }
            }
        }
    }
}
