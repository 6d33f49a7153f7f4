package dev.hufu.server.audit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Follows a chain from its first entry to its last, beside signed checkpoints, and says where it is broken first, and how.
 * Takes one entry after the other, so that a log of any length needs no memory. Not for several threads.
 */
public final class ChainCheck {
    /** The action of the entry that says which entries were taken out by the server. */
    public static final String TRIMMED = "audit.trimmed";

    private final List<Checkpoint> checkpoints;
    private final Beginning beginning;
    private final long first;
    private long expected;
    private @Nullable String previous;
    private boolean confirmed;
    private int nextCheckpoint;
    private long entries;
    private long held;
    /** Up to here the chain is as it was recorded, by what checkpoints say, or is not there. */
    private long agreed;

    private @Nullable Break broken;

    /** What the first entry is to be. */
    public sealed interface Beginning {
        /** The very first. */
        record First() implements Beginning {}

        /** The one after an entry that was taken out by the server, as the log itself must say further on. */
        record After(long sequence, String hash) implements Beginning {}

        /** Whichever it is: whoever asks knows that something is left out. */
        record Given(long sequence) implements Beginning {}
    }

    /** How a chain can be broken. */
    public enum How {
        /** An entry is not what was recorded. */
        CHANGED,
        /** An entry is whole, and does not continue the one before: one of the two was put in the place of another. */
        REPLACED,
        /** Entries are not there. */
        MISSING,
        /** Entries are there twice, or not in their order. */
        ORDER,
        /** The end is not there, to which a checkpoint was signed. */
        CUT,
        /** The chain continues, and is not the one to which a checkpoint was signed. */
        REWRITTEN,
        /** The beginning is not there, and nothing says that it was taken out by the server. */
        BEGINNING;

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A place where the chain is broken.
     *
     * @param sequence where it shows
     * @param since the first entry that may be other than it was recorded
     */
    public record Break(long sequence, long since, How how, String explanation) {}

    /**
     * What was found.
     *
     * @param last the sequence of the last entry up to which the chain is whole
     * @param held how many checkpoints the chain agrees with
     * @param lastHeld the sequence of the last of those; 0 for none
     */
    public record Findings(long entries, long first, long last, long held, long lastHeld, Optional<Break> broken) {
        public boolean whole() {
            return broken.isEmpty();
        }
    }

    /** @param checkpoints whose signatures were looked at */
    public ChainCheck(Beginning beginning, List<Checkpoint> checkpoints) {
        this.beginning = beginning;
        List<Checkpoint> sorted = new ArrayList<>(checkpoints);
        sorted.sort(Comparator.comparingLong(Checkpoint::sequence));
        this.checkpoints = sorted;
        switch (beginning) {
            case Beginning.First _ -> {
                expected = 1;
                previous = HashChain.GENESIS;
                confirmed = true;
            }
            case Beginning.After after -> {
                expected = after.sequence() + 1;
                previous = after.hash();
                agreed = after.sequence();
                againstCheckpoints(after.sequence(), after.hash());
            }
            case Beginning.Given given -> {
                expected = given.sequence();
                previous = null;
                agreed = expected - 1;
                confirmed = true;
                skipCheckpointsBefore(expected);
            }
        }
        first = expected;
    }

    /** Takes the next entry, as it was kept. */
    public void add(HashChain.Link link) {
        entries++;
        long sequence = link.content().sequence();
        if (broken != null) {
            if (broken.how() == How.MISSING && sequence >= broken.sequence() && sequence < expected) {
                broken = inDisorder(broken.sequence());
            }
            return;
        }
        if (sequence != expected) {
            if (sequence < expected) {
                broken = inDisorder(expected);
            } else {
                broken = new Break(
                        expected,
                        expected,
                        How.MISSING,
                        sequence == expected + 1
                                ? "entry " + expected + " is not there"
                                : "entries " + expected + " to " + (sequence - 1) + " are not there");
                // Should they come later, they are not missing but in the wrong place.
                expected = sequence;
            }
            return;
        }
        String before = previous == null ? link.previousHash() : previous;
        boolean continues = link.previousHash().equals(before);
        if (!link.hash().equals(HashChain.hash(link.content(), link.previousHash()))) {
            broken = new Break(sequence, sequence, How.CHANGED, "entry " + sequence + " is not what was recorded");
            return;
        }
        if (!continues) {
            broken = new Break(
                    sequence,
                    Math.max(1, sequence - 1),
                    How.REPLACED,
                    "entry " + sequence + " does not continue entry " + (sequence - 1)
                            + ": one of the two was put in the place of another");
            return;
        }
        confirm(link);
        againstCheckpoints(sequence, link.hash());
        previous = link.hash();
        expected = sequence + 1;
    }

    /** Takes what is in the place of the next entry, and is none. */
    public void addUnreadable() {
        entries++;
        if (broken == null) {
            broken = new Break(expected, expected, How.CHANGED, "entry " + expected + " cannot be read");
        }
    }

    /** Says what was found, once every entry was taken. */
    public Findings findings() {
        if (broken == null && nextCheckpoint < checkpoints.size()) {
            Checkpoint signed = checkpoints.getLast();
            broken = new Break(
                    expected,
                    expected,
                    How.CUT,
                    "the log ends at entry " + (expected - 1) + ", and a checkpoint was signed at entry "
                            + signed.sequence() + " at " + signed.at());
        }
        if (broken == null && !confirmed) {
            broken = new Break(
                    1,
                    1,
                    How.BEGINNING,
                    "the log begins at entry " + first + ", and no entry " + TRIMMED
                            + " says that the server took out what was before it");
        }
        if (broken == null && held == 0 && !checkpoints.isEmpty()) {
            broken = new Break(
                    first,
                    first,
                    How.BEGINNING,
                    "every checkpoint was signed before entry " + first
                            + ", where the log begins: none of them can be held against it");
        }
        long last = broken == null ? expected - 1 : broken.sequence() - 1;
        return new Findings(entries, first, last, held, held == 0 ? 0 : agreed, Optional.ofNullable(broken));
    }

    private void confirm(HashChain.Link link) {
        if (!confirmed
                && beginning instanceof Beginning.After(long sequence, String hash)
                && link.content().action().equals(TRIMMED)) {
            confirmed = Long.toString(sequence).equals(link.content().detail().get("sequence"))
                    && hash.equals(link.content().detail().get("hash"));
        }
    }

    private void skipCheckpointsBefore(long sequence) {
        while (nextCheckpoint < checkpoints.size()
                && checkpoints.get(nextCheckpoint).sequence() < sequence) {
            nextCheckpoint++;
        }
    }

    private void againstCheckpoints(long sequence, String hash) {
        skipCheckpointsBefore(sequence);
        while (broken == null
                && nextCheckpoint < checkpoints.size()
                && checkpoints.get(nextCheckpoint).sequence() == sequence) {
            Checkpoint signed = checkpoints.get(nextCheckpoint);
            if (signed.hash().equals(hash)) {
                held++;
                agreed = sequence;
                nextCheckpoint++;
            } else {
                broken = new Break(
                        sequence,
                        agreed + 1,
                        How.REWRITTEN,
                        "entry " + sequence + " is not the one to which a checkpoint was signed at " + signed.at()
                                + ": the log was rewritten from one of the entries " + (agreed + 1) + " to "
                                + sequence + " on");
            }
        }
    }

    private static Break inDisorder(long sequence) {
        return new Break(sequence, sequence, How.ORDER, "the entries from " + sequence + " on are not in their order");
    }
}
