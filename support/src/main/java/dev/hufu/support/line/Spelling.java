package dev.hufu.support.line;

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

    /** Letters to insert, remove, replace, or exchange with the one before. */
    private static int distance(String from, String to) {
        int[] earlier = new int[0];
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int[] before = row.clone();
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = before[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, 1 + Math.min(before[j], row[j - 1]));
                if (i > 1
                        && j > 1
                        && from.charAt(i - 1) == to.charAt(j - 2)
                        && from.charAt(i - 2) == to.charAt(j - 1)) {
                    row[j] = Math.min(row[j], 1 + earlier[j - 2]);
                }
            }
            earlier = before;
        }
        return row[to.length()];
    }
}
