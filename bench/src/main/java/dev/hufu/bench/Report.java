package dev.hufu.bench;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What was measured: one line for each figure as soon as it is known, or one JSON document at the end. */
final class Report {
    /**
     * One figure.
     *
     * @param measure of the goals in docs/performance.md, such as {@code P1}
     * @param against what the limit is; null where there is none
     * @param limit measured in the same run, in the same unit
     */
    record Figure(
            String measure,
            String what,
            double ours,
            String unit,
            @Nullable String against,
            double limit,
            double ratio) {}

    private final PrintStream out;
    private final boolean json;
    private final List<Figure> figures = new ArrayList<>();

    Report(PrintStream out, boolean json) {
        this.out = out;
        this.json = json;
    }

    /** A figure beside its limit, both medians, with the median of the ratios of pairs. */
    void ratio(String measure, String what, Pairs pairs, String unit, String against) {
        add(new Figure(measure, what, pairs.ours(), unit, against, pairs.limit(), pairs.ratio()));
    }

    /** A figure that has no limit of its own kind. */
    void figure(String measure, String what, double ours, String unit) {
        add(new Figure(measure, what, ours, unit, null, 0, 0));
    }

    void rates(String measure, String what, List<Sample> ours, List<Sample> theirs, String against) {
        ratio(measure, what, Pairs.of(ours, theirs, Sample::perSecond), "/s", against);
        ratio(measure, what + ", p50", Pairs.of(ours, theirs, each -> each.p50Micros() / 1e3), "ms", against);
        ratio(measure, what + ", p99", Pairs.of(ours, theirs, each -> each.p99Micros() / 1e3), "ms", against);
    }

    private void add(Figure figure) {
        figures.add(figure);
        if (!json) {
            String against = figure.against() == null
                    ? ""
                    : String.format(
                            Locale.ROOT,
                            "; %s: %s %s; ratio %.2f",
                            figure.against(),
                            shown(figure.limit()),
                            figure.unit(),
                            figure.ratio());
            out.printf(
                    Locale.ROOT,
                    "%-4s %s: %s %s%s%n",
                    figure.measure(),
                    figure.what(),
                    shown(figure.ours()),
                    figure.unit(),
                    against);
            out.flush();
        }
    }

    private static String shown(double value) {
        double size = Math.abs(value);
        return String.format(Locale.ROOT, size >= 100 ? "%,.0f" : size >= 1 ? "%.1f" : "%.3f", value);
    }

    /** Prints what is printed at the end. */
    void end(String verb, Benchmark.Setting setting) {
        if (!json) {
            return;
        }
        ObjectNode document = JsonMapper.shared().createObjectNode();
        document.put("benchmark", verb);
        document.put("rounds", setting.rounds());
        document.put("count", setting.count());
        document.put("processors", Runtime.getRuntime().availableProcessors());
        document.put("java", Runtime.version().toString());
        document.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        ArrayNode list = document.putArray("figures");
        for (Figure each : figures) {
            ObjectNode figure = list.addObject();
            figure.put("measure", each.measure());
            figure.put("what", each.what());
            figure.put("ours", each.ours());
            figure.put("unit", each.unit());
            figure.put("against", each.against());
            if (each.against() == null) {
                figure.putNull("limit").putNull("ratio");
            } else {
                figure.put("limit", each.limit()).put("ratio", each.ratio());
            }
        }
        out.println(JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(document));
    }
}
