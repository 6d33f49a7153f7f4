package dev.hufu.server.audit;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * The chain that makes a changed history show: each entry's hash covers its content and the hash before it. Pure. What is
 * hashed is written with lengths in front, so that no two different entries give the same bytes.
 */
public final class HashChain {
    /** What stands before the first entry. */
    public static final String GENESIS = "0".repeat(64);

    private static final String FORMAT = "hufu-audit-1";
    private static final HexFormat HEX = HexFormat.of();

    private HashChain() {}

    /** What an entry says. */
    public record Content(
            long sequence, Instant at, String actor, String action, String subject, Map<String, String> detail) {
        public Content {
            detail = Map.copyOf(detail);
        }
    }

    /** An entry as it was kept. */
    public record Link(Content content, String previousHash, String hash) {}

    /** The hash of an entry, 64 hexadecimal digits in lower case. */
    public static String hash(Content content, String previousHash) {
        return HEX.formatHex(sha256().digest(canonical(content, previousHash)));
    }

    /**
     * Checks consecutive entries.
     *
     * @param firstSequence the sequence that the first of them must have
     * @param previousHash the hash before it
     * @return the sequence at which the chain is broken: where an entry was changed, is missing or does not belong; empty
     *     where all is well
     */
    public static OptionalLong firstBroken(Iterable<Link> links, long firstSequence, String previousHash) {
        long sequence = firstSequence;
        String previous = previousHash;
        for (Link link : links) {
            if (link.content().sequence() != sequence
                    || !link.previousHash().equals(previous)
                    || !link.hash().equals(hash(link.content(), previous))) {
                return OptionalLong.of(sequence);
            }
            previous = link.hash();
            sequence++;
        }
        return OptionalLong.empty();
    }

    static byte[] canonical(Content content, String previousHash) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            text(out, FORMAT);
            text(out, previousHash);
            out.writeLong(content.sequence());
            Instant at = content.at();
            out.writeLong(at.getEpochSecond());
            out.writeInt(at.getNano());
            text(out, content.actor());
            text(out, content.action());
            text(out, content.subject());
            out.writeInt(content.detail().size());
            for (Map.Entry<String, String> entry : new TreeMap<>(content.detail()).entrySet()) {
                text(out, entry.getKey());
                text(out, entry.getValue());
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException("memory does not fail", impossible);
        }
        return bytes.toByteArray();
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(utf8.length);
        out.write(utf8);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JDK has SHA-256", impossible);
        }
    }
}
