package dev.hufu.cli.page;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows under a heading, within a width: what does not fit is cut in the widest column that bears it, then whole columns are
 * left out, the least important first. For one thread.
 */
public final class Table {
    private static final int BETWEEN = 2;
    private static final int SHORTEST_CUT = 10;

    private final int width;
    private final boolean coloured;
    private final List<Column> columns;
    private final List<List<String>> rows = new ArrayList<>();

    /** @param width in cells; 0 for as wide as it gets, where something else than a terminal reads it */
    public Table(int width, boolean coloured, List<Column> columns) {
        this.width = width;
        this.coloured = coloured;
        this.columns = List.copyOf(columns);
    }

    /**
     * A column.
     *
     * @param rank the higher, the sooner it is left out; 0 never
     * @param cut whether its cells may be cut
     */
    public record Column(String title, int rank, boolean cut) {}

    /** As many cells as there are columns; what is in them comes from elsewhere, and cannot steer a terminal. */
    public void row(String... cells) {
        List<String> row = new ArrayList<>();
        for (String cell : cells) {
            row.add(SafeText.of(cell));
        }
        rows.add(row);
    }

    public boolean isEmpty() {
        return rows.isEmpty();
    }

    /** Without a line's end after the last row. */
    public String text() {
        List<Integer> shown = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            shown.add(i);
        }
        int[] widths = natural();
        while (width > 0 && total(shown, widths) > width) {
            if (!shrunk(shown, widths)) {
                int least = leastImportant(shown);
                if (least < 0) {
                    break;
                }
                shown.removeIf(each -> each == least);
                widths = natural();
            }
        }
        StringBuilder text = new StringBuilder();
        line(text, shown, widths, columns.stream().map(Column::title).toList(), true);
        for (List<String> row : rows) {
            text.append('\n');
            line(text, shown, widths, row, false);
        }
        return text.toString();
    }

    private int[] natural() {
        int[] widths = new int[columns.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = columns.get(i).title().length();
            for (List<String> row : rows) {
                widths[i] = Math.max(widths[i], Cells.width(row.get(i)));
            }
        }
        return widths;
    }

    private static int total(List<Integer> shown, int[] widths) {
        int total = BETWEEN * (shown.size() - 1);
        for (int i : shown) {
            total += widths[i];
        }
        return total;
    }

    /** Takes what is too much from the widest column that may be cut; false where that is not enough. */
    private boolean shrunk(List<Integer> shown, int[] widths) {
        int widest = -1;
        for (int i : shown) {
            if (columns.get(i).cut() && (widest < 0 || widths[i] > widths[widest])) {
                widest = i;
            }
        }
        if (widest < 0) {
            return false;
        }
        int least = Math.max(SHORTEST_CUT, columns.get(widest).title().length());
        int wanted = widths[widest] - (total(shown, widths) - width);
        if (wanted < least) {
            return false;
        }
        widths[widest] = wanted;
        return true;
    }

    private int leastImportant(List<Integer> shown) {
        int least = -1;
        for (int i : shown) {
            if (columns.get(i).rank() > 0
                    && (least < 0 || columns.get(i).rank() > columns.get(least).rank())) {
                least = i;
            }
        }
        return least;
    }

    private void line(StringBuilder text, List<Integer> shown, int[] widths, List<String> cells, boolean heading) {
        int start = text.length();
        int missing = 0;
        for (int i : shown) {
            text.append(" ".repeat(missing));
            String cell = Cells.cut(cells.get(i), widths[i]);
            missing = widths[i] - Cells.width(cell) + BETWEEN;
            text.append(coloured && !heading ? Colours.ofState(cell) : cell);
        }
        if (coloured && heading) {
            text.insert(start, "\033[1m").append("\033[0m");
        }
    }
}
