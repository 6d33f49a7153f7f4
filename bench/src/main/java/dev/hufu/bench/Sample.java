package dev.hufu.bench;

import java.util.Arrays;

/** One measured round: how many a second, and how long the middle and the slow ones took. */
record Sample(double perSecond, double p50Micros, double p99Micros) {
    static Sample of(long[] nanos, long elapsedNanos) {
        long[] sorted = nanos.clone();
        Arrays.sort(sorted);
        return new Sample(
                nanos.length * 1e9 / elapsedNanos, percentile(sorted, 0.50) / 1e3, percentile(sorted, 0.99) / 1e3);
    }

    static double percentile(long[] sorted, double fraction) {
        return sorted[(int) Math.min(sorted.length - 1, Math.round(sorted.length * fraction))];
    }
}
