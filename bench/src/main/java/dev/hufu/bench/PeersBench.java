package dev.hufu.bench;

import dev.hufu.bench.peers.CommonsExecPeer;
import dev.hufu.bench.peers.GoPeer;
import dev.hufu.bench.peers.HufuPeer;
import dev.hufu.bench.peers.NuProcessPeer;
import dev.hufu.bench.peers.Peer;
import dev.hufu.bench.peers.ProcessBuilderPeer;
import dev.hufu.bench.peers.ZtExecPeer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import tools.jackson.databind.JsonNode;

/** P1 beside the libraries that others use for it, in turns; and P2 beside a server in Go with Gin, at the same concurrency. */
final class PeersBench implements Benchmark {
    private static final int[] CONCURRENCY = {1, 8};
    private static final List<List<String>> COMMANDS =
            List.of(List.of("/bin/sh", "-c", "echo hello"), List.of("/bin/true"));
    private static final Duration TIMEOUT = Duration.ofMinutes(1);
    private static final int WARM_UP = 1_000;

    @Override
    public int defaultCount() {
        return 1_000;
    }

    /** Ours first. */
    static List<Peer> peers(Place place) throws IOException, InterruptedException {
        List<Peer> peers = new ArrayList<>();
        peers.add(new HufuPeer(Files.createDirectory(place.fresh("attempts"))));
        peers.add(new ProcessBuilderPeer());
        peers.add(new NuProcessPeer());
        peers.add(new ZtExecPeer());
        peers.add(new CommonsExecPeer());
        place.goPeer()
                .ifPresent(program ->
                        peers.add(new GoPeer(List.of(place.limit().toString(), "clean", program.toString()))));
        return peers;
    }

    @Override
    public void run(Setting setting, Report report) throws Exception {
        List<Peer> peers = peers(setting.place());
        try {
            for (Peer peer : peers) {
                rate(peer, COMMANDS.getFirst(), 8, Math.min(WARM_UP, setting.count()));
            }
            for (List<String> argv : COMMANDS) {
                for (int concurrency : CONCURRENCY) {
                    compare(setting, report, peers, argv, concurrency);
                }
            }
        } finally {
            for (Peer peer : peers) {
                peer.close();
            }
        }
        overHttp(setting, report);
    }

    private static void compare(Setting setting, Report report, List<Peer> peers, List<String> argv, int concurrency)
            throws Exception {
        int count = Math.max(setting.count(), concurrency);
        Map<Peer, List<Sample>> samples = new LinkedHashMap<>();
        for (int round = 0; round < setting.rounds(); round++) {
            for (Peer peer : peers) {
                samples.computeIfAbsent(peer, _ -> new ArrayList<>()).add(rate(peer, argv, concurrency, count));
            }
        }
        String what = String.join(" ", argv) + ", " + concurrency + " at a time";
        List<Sample> ours = samples.getOrDefault(peers.getFirst(), List.of());
        for (Peer peer : peers.subList(1, peers.size())) {
            report.rates("P1", what, ours, samples.getOrDefault(peer, List.of()), peer.name());
        }
    }

    private static Sample rate(Peer peer, List<String> argv, int concurrency, int count) throws Exception {
        if (peer instanceof GoPeer go) {
            JsonNode figures = go.rate(concurrency, count, argv);
            return new Sample(
                    figures.path("perSecond").asDouble(),
                    figures.path("p50Micros").asDouble(),
                    figures.path("p99Micros").asDouble());
        }
        Peer.Order order = new Peer.Order(argv, new byte[0], TIMEOUT);
        long[] nanos = new long[count];
        AtomicInteger next = new AtomicInteger();
        long start = System.nanoTime();
        try (ExecutorService callers = Executors.newFixedThreadPool(concurrency)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < concurrency; i++) {
                all.add(callers.submit(() -> {
                    for (int each = next.getAndIncrement(); each < count; each = next.getAndIncrement()) {
                        long begin = System.nanoTime();
                        String end = peer.run(order).end();
                        nanos[each] = System.nanoTime() - begin;
                        if (!end.equals("exit 0")) {
                            throw new IOException(peer.name() + ": " + end);
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> each : all) {
                each.get();
            }
        }
        return Sample.of(nanos, System.nanoTime() - start);
    }

    private static void overHttp(Setting setting, Report report) throws Exception {
        Place place = setting.place();
        Optional<Path> gin = place.gin();
        if (gin.isEmpty()) {
            return;
        }
        try (HufuProcess server = HufuProcess.start(place, place.fresh("data"));
                Program peer = Program.server(List.of(gin.get().toString()))) {
            String body = HufuProcess.body("", COMMANDS.getFirst().toArray(String[]::new));
            HttpLoad toOurs = server.load(body, "Prefer: wait=60");
            HttpLoad toPeer = new HttpLoad(URI.create(peer.address() + "/api/v1/runs"), "", body);
            toOurs.measure(8, Math.min(4 * WARM_UP, 2 * setting.count()));
            for (int connections : CONCURRENCY) {
                int count = Math.max(setting.count(), connections);
                List<Sample> ours = new ArrayList<>();
                List<Sample> theirs = new ArrayList<>();
                for (int round = 0; round < setting.rounds(); round++) {
                    theirs.add(toPeer.measure(connections, count));
                    ours.add(toOurs.measure(connections, count));
                }
                report.rates(
                        "P2",
                        "submit and wait, " + connections + " connections, durable",
                        ours,
                        theirs,
                        "Go, Gin and os/exec, nothing stored");
            }
        }
    }
}
