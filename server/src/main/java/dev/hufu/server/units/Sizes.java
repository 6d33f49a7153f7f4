package dev.hufu.server.units;

import java.util.OptionalLong;

/** Sizes as people write them, with a binary unit: {@code 100B}, {@code 64KiB}, {@code 16MiB}, {@code 1GiB}. */
public final class Sizes {
    private static final String[] UNITS = {"GiB", "MiB", "KiB", "B"};
    private static final int[] SHIFTS = {30, 20, 10, 0};

    private Sizes() {}

    /** The number of bytes; empty where the text is no size, or is more than a {@code long} holds. */
    public static OptionalLong parse(String text) {
        for (int i = 0; i < UNITS.length; i++) {
            if (text.endsWith(UNITS[i])) {
                return number(text.substring(0, text.length() - UNITS[i].length()), SHIFTS[i]);
            }
        }
        return OptionalLong.empty();
    }

    /** Exactly, in the largest unit that does. */
    public static String show(long bytes) {
        int i = 0;
        while (SHIFTS[i] > 0 && (bytes == 0 || (bytes & ((1L << SHIFTS[i]) - 1)) != 0)) {
            i++;
        }
        return (bytes >> SHIFTS[i]) + UNITS[i];
    }

    private static OptionalLong number(String digits, int shift) {
        if (digits.isEmpty() || digits.length() > 18) {
            return OptionalLong.empty();
        }
        long value = 0;
        for (int i = 0; i < digits.length(); i++) {
            char digit = digits.charAt(i);
            if (digit < '0' || digit > '9') {
                return OptionalLong.empty();
            }
            value = 10 * value + (digit - '0');
        }
        return value > Long.MAX_VALUE >> shift ? OptionalLong.empty() : OptionalLong.of(value << shift);
    }
}
