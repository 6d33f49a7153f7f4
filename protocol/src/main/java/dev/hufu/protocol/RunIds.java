package dev.hufu.protocol;

import java.time.Instant;
import java.time.InstantSource;
import java.util.random.RandomGenerator;

/**
 * Makes run ids that grow strictly, also within a millisecond and when the clock goes back. Thread-safe; kept by its
 * own lock.
 */
public final class RunIds {
    private static final char[] ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz".toCharArray();
    private static final long RANDOM_HIGH_MASK = 0xFFFFL;
    private static final long MAXIMUM_SECONDS = 100_000_000_000L;
    private static final long MAXIMUM_MILLIS = (1L << 48) - 1;

    private final InstantSource clock;
    private final RandomGenerator random;
    private long millis = -1;
    private long high;
    private long low;

    /** @param random must be unpredictable where ids must not be guessed */
    public RunIds(InstantSource clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
    }

    /** Every id made from now on is greater than {@code floor}: used at start with the newest id in the store. */
    public synchronized void startAfter(RunId floor) {
        long[] parts = decode(floor.value());
        if (parts[0] > millis) {
            millis = parts[0];
            high = parts[1];
            low = parts[2];
        }
    }

    public synchronized RunId next() {
        long now = clock.millis();
        if (now > millis) {
            millis = now;
            high = random.nextLong() & RANDOM_HIGH_MASK;
            low = random.nextLong();
        } else {
            low++;
            if (low == 0) {
                high = (high + 1) & RANDOM_HIGH_MASK;
                if (high == 0) {
                    millis++;
                }
            }
        }
        return new RunId(encode(millis, high, low));
    }

    /** The smallest id that can be made in the millisecond of this time; of times that no id can have, the nearest one's. */
    public static RunId earliest(Instant time) {
        boolean farOff = Math.abs(time.getEpochSecond()) > MAXIMUM_SECONDS;
        long nearest = farOff ? (time.getEpochSecond() < 0 ? 0 : MAXIMUM_MILLIS) : time.toEpochMilli();
        return new RunId(encode(Math.clamp(nearest, 0, MAXIMUM_MILLIS), 0, 0));
    }

    static Instant time(RunId id) {
        return Instant.ofEpochMilli(decode(id.value())[0]);
    }

    private static String encode(long millis, long high, long low) {
        char[] text = new char[26];
        for (int i = 9; i >= 0; i--) {
            text[i] = ALPHABET[(int) (millis >>> (5 * (9 - i))) & 31];
        }
        for (int i = 0; i < 16; i++) {
            int shift = 75 - 5 * i;
            long bits;
            if (shift >= 64) {
                bits = high >>> (shift - 64);
            } else if (shift > 59) {
                bits = (high << (64 - shift)) | (low >>> shift);
            } else {
                bits = low >>> shift;
            }
            text[10 + i] = ALPHABET[(int) bits & 31];
        }
        return new String(text);
    }

    private static long[] decode(String text) {
        long millis = 0;
        for (int i = 0; i < 10; i++) {
            millis = millis << 5 | digit(text.charAt(i));
        }
        long high = 0;
        long low = 0;
        for (int i = 10; i < 26; i++) {
            high = (high << 5 | low >>> 59) & RANDOM_HIGH_MASK;
            low = low << 5 | digit(text.charAt(i));
        }
        return new long[] {millis, high, low};
    }

    private static int digit(char character) {
        for (int i = 0; i < ALPHABET.length; i++) {
            if (ALPHABET[i] == character) {
                return i;
            }
        }
        throw new IllegalArgumentException("not a run id");
    }
}
