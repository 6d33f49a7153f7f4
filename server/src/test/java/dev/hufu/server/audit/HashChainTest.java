package dev.hufu.server.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class HashChainTest {
    private static final Instant AT = Instant.parse("2026-03-01T10:00:00.000000001Z");

    @Test
    void theHashOfAnEntryStaysTheSameForEver() {
        HashChain.Content content =
                new HashChain.Content(1, AT, "token:admin", "run.submitted", "x", Map.of("b", "2", "a", "ä"));
        assertThat(HashChain.hash(content, HashChain.GENESIS))
                .isEqualTo("a735f1f279ece1e257800180258c12780c55e64f12300706d59041a513013dcd");
    }

    @Test
    void whatIsMovedFromOneFieldToTheNextChangesTheHash() {
        assertThat(hash("ab", "c", Map.of())).isNotEqualTo(hash("a", "bc", Map.of()));
        assertThat(hash("a", "b", Map.of("k", "v"))).isNotEqualTo(hash("a", "b", Map.of("kv", "")));
        assertThat(hash("a", "b", Map.of("k", "v", "l", "w"))).isNotEqualTo(hash("a", "b", Map.of("k", "w", "l", "v")));
    }

    @Test
    void f36_aByteChangedOrARowRemovedOrAnotherOrderIsFoundAtItsPlace() {
        List<HashChain.Link> chain = chain(5);
        assertThat(broken(chain)).isEqualTo(-1);

        List<HashChain.Link> changed = new ArrayList<>(chain);
        HashChain.Link third = chain.get(2);
        changed.set(2, new HashChain.Link(content(3, "other"), third.previousHash(), third.hash()));
        assertThat(broken(changed)).isEqualTo(3);

        List<HashChain.Link> shorter = new ArrayList<>(chain);
        shorter.remove(3);
        assertThat(broken(shorter)).isEqualTo(4);

        List<HashChain.Link> swapped = new ArrayList<>(chain);
        swapped.set(0, chain.get(1));
        swapped.set(1, chain.get(0));
        assertThat(broken(swapped)).isEqualTo(1);
    }

    @Test
    void f36_aChainWrittenAnewFromSomewhereIsFoundWhereItLeavesTheOldOne() {
        List<HashChain.Link> chain = chain(5);
        List<HashChain.Link> rewritten = new ArrayList<>(chain);
        HashChain.Content forged = content(4, "forged");
        rewritten.set(
                3,
                new HashChain.Link(
                        forged,
                        chain.get(3).previousHash(),
                        HashChain.hash(forged, chain.get(3).previousHash())));
        assertThat(broken(rewritten)).isEqualTo(5);
    }

    private static long broken(List<HashChain.Link> links) {
        return HashChain.firstBroken(links, 1, HashChain.GENESIS).orElse(-1);
    }

    private static List<HashChain.Link> chain(int length) {
        List<HashChain.Link> links = new ArrayList<>();
        String previous = HashChain.GENESIS;
        for (int i = 1; i <= length; i++) {
            HashChain.Content content = content(i, "subject-" + i);
            String hash = HashChain.hash(content, previous);
            links.add(new HashChain.Link(content, previous, hash));
            previous = hash;
        }
        return links;
    }

    private static HashChain.Content content(long sequence, String subject) {
        return new HashChain.Content(sequence, AT, "server", "task.changed", subject, Map.of("from", "PENDING"));
    }

    private static String hash(String actor, String action, Map<String, String> detail) {
        return HashChain.hash(new HashChain.Content(1, AT, actor, action, "s", detail), HashChain.GENESIS);
    }
}
