package dev.hufu.bench;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/** P2: submit and wait over HTTP, durable and audited, against a plain Gin server that stores nothing. */
final class WaitBench {
    private static final String BODY = "{\"exec\":{\"argv\":[\"/bin/sh\",\"-c\",\"echo hello\"]}}";

    private final Path hufu;
    private final Path gin;
    private final Path directory;

    WaitBench(Path hufu, Path gin, Path directory) {
        this.hufu = hufu;
        this.gin = gin;
        this.directory = directory;
    }

    void run(int rounds, int requests) throws IOException, InterruptedException, ExecutionException {
        Path data = directory.resolve("data");
        List<String> server = List.of(hufu.toString(), "server", "--data", data.toString(), "--listen", "127.0.0.1:0");
        try (Peer ours = Peer.server(server, Map.of());
                Peer theirs = Peer.server(List.of(gin.toString()), Map.of())) {
            String token = Files.readString(data.resolve("admin.token")).strip();
            HttpLoad toOurs = new HttpLoad(
                    URI.create(ours.address() + "/api/v1/runs"),
                    "Authorization: Bearer " + token + "\r\nPrefer: wait=60\r\n",
                    BODY);
            HttpLoad toTheirs = new HttpLoad(URI.create(theirs.address() + "/api/v1/runs"), "", BODY);
            toOurs.measure(16, requests * 2);
            toTheirs.measure(16, requests);
            for (int connections : new int[] {16, 64}) {
                List<Sample> mine = new ArrayList<>();
                List<Sample> peers = new ArrayList<>();
                for (int round = 0; round < rounds; round++) {
                    peers.add(toTheirs.measure(connections, requests));
                    mine.add(toOurs.measure(connections, requests));
                }
                System.out.println(Sample.compare("P2 " + connections + " connections", mine, peers));
            }
        }
    }
}
