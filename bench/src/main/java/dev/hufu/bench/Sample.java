package dev.hufu.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** One measured round: how many a second, and how long the middle and the slow ones took. */
record Sample(double perSecond, double p50Micros, double p99Micros) {
    static Sample of(long[] nanos, long elapsedNanos) {
        long[] sorted = nanos.clone();
        Arrays.sort(sorted);
        return new Sample(
                nanos.length * 1e9 / elapsedNanos, percentile(sorted, 0.50) / 1e3, percentile(sorted, 0.99) / 1e3);
    }

    private static double percentile(long[] sorted, double fraction) {
        return sorted[(int) Math.min(sorted.length - 1, Math.round(sorted.length * fraction))];
    }

    static double median(List<Sample> samples, ToDoubleFunction<Sample> figure) {
        double[] values = samples.stream().mapToDouble(figure).sorted().toArray();
        return values[values.length / 2];
    }

    /** The median of the ratios of pairs, each pair measured one after the other. */
    static double medianRatio(List<Sample> ours, List<Sample> theirs, ToDoubleFunction<Sample> figure) {
        double[] ratios = new double[ours.size()];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = figure.applyAsDouble(ours.get(i)) / figure.applyAsDouble(theirs.get(i));
        }
        Arrays.sort(ratios);
        return ratios[ratios.length / 2];
    }

    static String compare(String what, List<Sample> ours, List<Sample> theirs) {
        return String.format(
                Locale.ROOT,
                "%s: %.0f/s against %.0f/s, ratio %.2f; p50 %.1f against %.1f ms; p99 %.1f against %.1f ms, ratio %.2f",
                what,
                median(ours, Sample::perSecond),
                median(theirs, Sample::perSecond),
                medianRatio(ours, theirs, Sample::perSecond),
                median(ours, Sample::p50Micros) / 1e3,
                median(theirs, Sample::p50Micros) / 1e3,
                median(ours, Sample::p99Micros) / 1e3,
                median(theirs, Sample::p99Micros) / 1e3,
                medianRatio(ours, theirs, Sample::p99Micros));
    }
}
