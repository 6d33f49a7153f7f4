package dev.hufu.cli.line;

import java.util.List;
import java.util.Optional;

/** Guesses what was meant by a word that is not known. Pure. */
public final class Spelling {
    private static final int FARTHEST = 2;

    private Spelling() {}

    /** The one of {@code known} that is at most two typing mistakes away. */
    public static Optional<String> nearest(String word, List<String> known) {
        String nearest = null;
        int least = Math.min(FARTHEST, word.length() / 2) + 1;
        for (String each : known) {
            int distance = distance(word, each);
            if (distance < least) {
                least = distance;
                nearest = each;
            }
        }
        return Optional.ofNullable(nearest);
    }

    /** Letters to insert, remove or replace. */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
