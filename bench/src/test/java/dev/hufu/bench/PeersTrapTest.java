package dev.hufu.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.bench.peers.GoPeer;
import dev.hufu.bench.peers.Peer;
import dev.hufu.bench.peers.Trap;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What each peer gets right, by doing it: the table of traps in docs/performance.md says just that. A peer that is mended
 * turns this red, and the table is then out of date.
 */
@Tag("long")
@Execution(ExecutionMode.SAME_THREAD)
final class PeersTrapTest {
    private static final Path PAGE = Path.of("..", "docs", "performance.md");

    private static Place place;
    private static List<Peer> peers = List.of();

    @BeforeAll
    static void open() throws Exception {
        place = Place.open(Path.of("hufu"));
        peers = PeersBench.peers(place);
    }

    @AfterAll
    static void close() throws Exception {
        for (Peer peer : peers) {
            peer.close();
        }
        place.close();
    }

    @ParameterizedTest
    @EnumSource
    void theTableSaysWhatEachPeerDoes(Trap trap) throws Exception {
        Map<String, String> seen = new LinkedHashMap<>();
        for (Peer peer : peers) {
            seen.put(peer.name(), trap.avoidedBy(peer) ? "yes" : "no");
        }
        Map<String, String> told = row(trap);
        if (peers.stream().noneMatch(GoPeer.class::isInstance)) {
            told.remove("Go os/exec");
        }
        assertThat(seen).as(trap.text()).isEqualTo(told);
        assertThat(seen).as("ours").containsEntry("hufu-exec", "yes");
    }

    /** By peer, what the table says of a trap. */
    private static Map<String, String> row(Trap trap) throws Exception {
        List<String> head = List.of();
        for (String line : Files.readAllLines(PAGE)) {
            List<String> cells = cells(line);
            if (!cells.isEmpty() && cells.getFirst().equals("trap")) {
                head = cells;
            } else if (!head.isEmpty() && !cells.isEmpty() && cells.getFirst().equals(trap.text())) {
                Map<String, String> row = new LinkedHashMap<>();
                for (int i = 1; i < head.size(); i++) {
                    row.put(head.get(i), cells.get(i).replace("**", ""));
                }
                return row;
            }
        }
        throw new AssertionError(PAGE + " has no row '" + trap.text() + "'");
    }

    private static List<String> cells(String line) {
        if (!line.startsWith("|")) {
            return List.of();
        }
        return new ArrayList<>(
                Stream.of(line.substring(1).split("\\|")).map(String::strip).toList());
    }
}
