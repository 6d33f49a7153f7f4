package dev.hufu.cli.page;

import dev.hufu.client.Attempt;
import dev.hufu.client.Run;
import dev.hufu.client.Task;
import dev.hufu.protocol.Execution;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** What {@code show} prints for a reader: within a width, times in his zone. Pure; one page each. */
public final class TablePage {
    private static final int LABEL = 10;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss xx", Locale.ROOT);

    private final ZoneId zone;
    private final int width;
    private final boolean coloured;
    private final List<String> lines = new ArrayList<>();

    public TablePage(ZoneId zone, int width, boolean coloured) {
        this.zone = zone;
        this.width = width;
        this.coloured = coloured;
    }

    public String run(Run run, List<Task> tasks) {
        line("Run", run.id().value());
        line("State", coloured(run.state().name()));
        Execution exec = run.exec();
        if (exec != null) {
            line("Command", command(exec));
        }
        line("Labels", joined(run.labels()));
        line("Created", time(run.createdAt()) + (run.createdBy() == null ? "" : " by " + SafeText.of(run.createdBy())));
        if (run.cancelRequestedAt() != null) {
            line("Cancelled", time(run.cancelRequestedAt()));
        }
        line("Retry of", run.retryOf() == null ? "" : run.retryOf().value());
        line("Trace", run.traceId() == null ? "" : SafeText.of(run.traceId()));
        lines.add("");
        if (tasks.size() == 1) {
            return task(tasks.getFirst());
        }
        Table table = new Table(
                width,
                coloured,
                List.of(
                        new Table.Column("TASK", 0, false),
                        new Table.Column("NODE", 2, true),
                        new Table.Column("STATE", 1, false),
                        new Table.Column("RESULT", 3, true)));
        for (Task task : tasks) {
            table.row(
                    "." + task.id().index(),
                    task.node(),
                    task.state().name(),
                    result(task.exitCode(), task.signal(), task.spawnError()));
        }
        lines.add(table.text());
        return text();
    }

    public String task(Task task) {
        line("Task", task.id() + " on " + SafeText.of(task.node()));
        line("State", coloured(task.state().name()) + reason(task.reason()));
        line("Result", result(task.exitCode(), task.signal(), task.spawnError()));
        line("Message", task.message() == null ? "" : SafeText.of(task.message()));
        span(task.startedAt(), task.finishedAt());
        line(
                "Next",
                task.nextAttemptAt() == null
                        ? ""
                        : "attempt " + (task.attempt() + 1) + " at " + time(task.nextAttemptAt()));
        Task.Written output = task.output();
        if (output != null) {
            line(
                    "Output",
                    Quantities.showBytes(output.stdoutBytes()) + " stdout, "
                            + Quantities.showBytes(output.stderrBytes()) + " stderr"
                            + (output.truncated() ? ", not all of it kept" : ""));
        }
        used(task.usage());
        if (task.attempts().size() == 1 && task.attempt() == 1 && task.nextAttemptAt() == null) {
            stopped(task.attempts().getFirst().killReport());
        } else {
            task.attempts().forEach(this::attempt);
        }
        return text();
    }

    private void attempt(Attempt attempt) {
        lines.add("");
        line("Attempt", attempt.number() + " on " + SafeText.of(attempt.node()));
        line("State", coloured(attempt.state().name()) + reason(attempt.reason()));
        line("Result", result(attempt.exitCode(), attempt.signal(), null));
        span(attempt.startedAt(), attempt.finishedAt());
        used(attempt.usage());
        stopped(attempt.killReport());
    }

    private void span(@Nullable Instant started, @Nullable Instant finished) {
        line("Started", started == null ? "" : time(started));
        if (finished != null) {
            String after = started == null ? "" : ", after " + Quantities.show(Duration.between(started, finished));
            line("Ended", time(finished) + after);
        }
    }

    private void used(Task.@Nullable Usage usage) {
        if (usage != null) {
            line(
                    "Used",
                    Quantities.show(Duration.ofMillis(usage.userMs())) + " user, "
                            + Quantities.show(Duration.ofMillis(usage.systemMs())) + " system, "
                            + Quantities.showBytes(usage.maxRssBytes()) + " memory at most");
        }
    }

    private void stopped(Attempt.@Nullable KillReport report) {
        if (report == null) {
            return;
        }
        line(
                "Stopped",
                SafeText.of(report.cause())
                        + (report.proof() == null
                                ? "; no proof that nothing is left but what was found"
                                : "; proof that nothing is left: " + SafeText.of(report.proof()))
                        + ", after " + Quantities.show(Duration.ofMillis(report.durationMs())));
        for (Attempt.KillReport.Step step : report.steps()) {
            Duration since = Duration.between(report.steps().getFirst().at(), step.at());
            line(
                    "",
                    "%-8s %-8s sent to %d, %d left"
                            .formatted(
                                    "+" + Quantities.show(since),
                                    SafeText.of(step.signal()),
                                    step.signalled(),
                                    step.survivors()));
        }
    }

    private static String result(
            @Nullable Integer exitCode, @Nullable String signal, Task.@Nullable SpawnError spawnError) {
        if (exitCode != null) {
            return "exit code " + exitCode;
        }
        if (signal != null) {
            return SafeText.of(signal);
        }
        return spawnError == null
                ? ""
                : "not started: " + SafeText.of(spawnError.errno()) + " at " + SafeText.of(spawnError.stage());
    }

    private static String reason(@Nullable String reason) {
        return reason == null ? "" : " (" + SafeText.of(reason) + ")";
    }

    /** A command as a shell would take it. */
    public static String command(Execution exec) {
        return switch (exec) {
            case Execution.Argv(List<String> argv) -> SafeText.command(argv);
            case Execution.Script(String script, List<String> interpreter, List<String> arguments) -> {
                List<String> all = new ArrayList<>(interpreter);
                all.add("SCRIPT");
                all.addAll(arguments);
                yield SafeText.command(all) + " (SCRIPT: "
                        + Quantities.showBytes(script.getBytes(StandardCharsets.UTF_8).length) + ")";
            }
        };
    }

    private static String joined(Map<String, String> labels) {
        StringJoiner joined = new StringJoiner(" ");
        labels.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(label -> joined.add(SafeText.of(label.getKey() + "=" + label.getValue())));
        return joined.toString();
    }

    private String time(Instant instant) {
        return TIME.format(instant.atZone(zone));
    }

    private String coloured(String state) {
        return coloured ? Colours.ofState(state) : state;
    }

    /** A label and its value, folded to the width; nothing where there is no value. */
    private void line(String label, String value) {
        String rest = value;
        String head = label;
        while (!rest.isEmpty()) {
            int end = foldAt(rest);
            lines.add("%-10s".formatted(head) + rest.substring(0, end).stripTrailing());
            rest = rest.substring(end).stripLeading();
            head = "";
        }
    }

    private int foldAt(String text) {
        int room = width - LABEL;
        // Colours take no room, and come in short lines only.
        if (text.startsWith("\033")) {
            return text.length();
        }
        int fits = Cells.fitting(text, room);
        int space = fits == text.length() ? 0 : text.lastIndexOf(' ', fits);
        return space > 0 ? space : fits;
    }

    private String text() {
        return String.join(System.lineSeparator(), lines);
    }
}
