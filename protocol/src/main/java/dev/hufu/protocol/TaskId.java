package dev.hufu.protocol;

import java.util.Optional;
import java.util.regex.Pattern;

/** A task's id, written {@code <run>.<index>}. */
public record TaskId(RunId run, int index) implements Comparable<TaskId> {
    private static final Pattern INDEX = Pattern.compile("0|[1-9][0-9]{0,8}");

    public TaskId {
        if (index < 0) {
            throw new IllegalArgumentException("negative task index");
        }
    }

    public static Optional<TaskId> parse(String text) {
        int dot = text.indexOf('.');
        if (dot < 0 || !INDEX.matcher(text.substring(dot + 1)).matches()) {
            return Optional.empty();
        }
        return RunId.parse(text.substring(0, dot)).map(run -> run.task(Integer.parseInt(text.substring(dot + 1))));
    }

    @Override
    public int compareTo(TaskId other) {
        int byRun = run.compareTo(other.run);
        return byRun == 0 ? Integer.compare(index, other.index) : byRun;
    }

    @Override
    public String toString() {
        return run.value() + "." + index;
    }
}
