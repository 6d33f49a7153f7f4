package dev.hufu.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** P8: from the launcher's start to ready, and to the first output of a command, beside the same command started by C. */
final class StartBench implements Benchmark {
    private static final int WARM_UP = 5;

    @Override
    public int defaultCount() {
        return 1;
    }

    @Override
    public void run(Setting setting, Report report) throws Exception {
        Place place = setting.place();
        Pairs first = new Pairs();
        Pairs again = new Pairs();
        Pairs cold = new Pairs();
        Pairs warm = new Pairs();
        for (int round = 0; round < setting.rounds(); round++) {
            for (int each = 0; each < setting.count(); each++) {
                double limit = spawned(place);
                Path data = place.fresh("data");
                try (HufuProcess server = HufuProcess.start(place, data)) {
                    first.add(server.readySeconds(), limit);
                }
                try (HufuProcess server = HufuProcess.start(place, data)) {
                    again.add(server.readySeconds(), limit);
                    cold.add(firstOutput(place, server), limit);
                    for (int before = 0; before < WARM_UP; before++) {
                        firstOutput(place, server);
                    }
                    warm.add(firstOutput(place, server), limit);
                }
            }
        }
        String against = "C, starting echo";
        report.ratio("P8", "first start of a server, until ready", first, "s", against);
        report.ratio("P8", "later start of a server, until ready", again, "s", against);
        report.ratio("P8", "hufu run -- echo hello, until its output, a server's first command", cold, "s", against);
        report.ratio("P8", "the same against a server that has run a few", warm, "s", against);
    }

    private static double spawned(Place place) throws Exception {
        return place.limit("spawn", "1", "1", "/bin/echo", "hello")
                        .path("p50Micros")
                        .asDouble()
                / 1e6;
    }

    private static double firstOutput(Place place, HufuProcess server) throws Exception {
        List<String> command = List.of(place.hufu().toString(), "run", "--", "echo", "hello");
        Map<String, String> environment = Map.of("HUFU_URL", server.address(), "HUFU_TOKEN", server.token());
        return Program.firstByteSeconds(command, environment);
    }
}
