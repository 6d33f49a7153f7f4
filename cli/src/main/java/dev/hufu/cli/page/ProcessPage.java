package dev.hufu.cli.page;

import dev.hufu.protocol.ProcessList;
import java.time.Duration;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The processes of a task as a tree for a reader, within a width. Pure. */
public final class ProcessPage {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSS xx", Locale.ROOT);
    private static final int DEEPEST_SHOWN = 20;

    /** A process, and how far below the first of its tree it is. */
    private record Placed(ProcessList.Item process, int depth) {}

    private ProcessPage() {}

    /** @param width in cells; 0 for as wide as it gets */
    public static String text(ProcessList list, ZoneId zone, int width, boolean coloured) {
        Table table = new Table(
                width,
                coloured,
                List.of(
                        new Table.Column("PID", 0, false),
                        new Table.Column("STATE", 3, false),
                        new Table.Column("CPU", 1, false),
                        new Table.Column("MEMORY", 2, false),
                        new Table.Column("THREADS", 5, false),
                        new Table.Column("WAITS ON", 4, true),
                        new Table.Column("COMMAND", 0, true)));
        for (Placed placed : placed(list.processes())) {
            ProcessList.Item process = placed.process;
            table.row(
                    Long.toString(process.pid()),
                    process.state().name(),
                    Quantities.show(Duration.ofMillis(process.userMs() + process.systemMs())),
                    process.residentBytes() == null ? "" : Quantities.showBytes(process.residentBytes()),
                    Integer.toString(process.threads()),
                    process.waitsOn() == null ? "" : process.waitsOn(),
                    branch(placed.depth) + command(process));
        }
        String end = System.lineSeparator();
        return "Taken at " + TIME.format(list.takenAt().atZone(zone))
                + (list.truncated() ? "; there are more processes than these" : "")
                + end
                + end
                + table.text();
    }

    private static String branch(int depth) {
        return depth == 0 ? "" : "  ".repeat(Math.min(depth, DEEPEST_SHOWN) - 1) + "└─ ";
    }

    private static String command(ProcessList.Item process) {
        return process.argv().isEmpty()
                ? "[" + process.name() + "]"
                : SafeText.command(process.argv()) + (process.argvTruncated() ? "…" : "");
    }

    /** Each process behind its parent and the children of that which came before it. */
    private static List<Placed> placed(List<ProcessList.Item> processes) {
        Set<Long> known = new HashSet<>();
        processes.forEach(each -> known.add(each.pid()));
        Map<Long, List<ProcessList.Item>> children = new HashMap<>();
        Deque<Placed> next = new ArrayDeque<>();
        for (ProcessList.Item each : processes) {
            if (known.contains(each.parent()) && each.parent() != each.pid()) {
                children.computeIfAbsent(each.parent(), _ -> new ArrayList<>()).add(each);
            } else {
                next.addLast(new Placed(each, 0));
            }
        }
        List<Placed> placed = new ArrayList<>();
        while (!next.isEmpty()) {
            Placed current = next.removeFirst();
            placed.add(current);
            List<ProcessList.Item> below = children.getOrDefault(current.process.pid(), List.of());
            for (ProcessList.Item child : below.reversed()) {
                next.addFirst(new Placed(child, current.depth + 1));
            }
        }
        return placed;
    }
}
