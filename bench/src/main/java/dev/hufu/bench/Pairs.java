package dev.hufu.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Pairs of measurements, ours and the limit one after the other. Not for several threads. */
final class Pairs {
    private final List<Double> ours = new ArrayList<>();
    private final List<Double> limits = new ArrayList<>();

    static <T> Pairs of(List<T> ours, List<T> limits, ToDoubleFunction<T> figure) {
        Pairs pairs = new Pairs();
        for (int i = 0; i < ours.size(); i++) {
            pairs.add(figure.applyAsDouble(ours.get(i)), figure.applyAsDouble(limits.get(i)));
        }
        return pairs;
    }

    void add(double mine, double limit) {
        ours.add(mine);
        limits.add(limit);
    }

    double ours() {
        return median(ours);
    }

    double limit() {
        return median(limits);
    }

    /** The median of the ratios, which a slow minute of the machine does not move. */
    double ratio() {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < ours.size(); i++) {
            ratios.add(ours.get(i) / limits.get(i));
        }
        return median(ratios);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }
}
