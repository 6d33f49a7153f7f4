package dev.hufu.client;

import dev.hufu.protocol.RunState;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Which runs to list: those that meet every condition. Immutable; each method gives a narrower filter. */
public final class RunFilter {
    private static final RunFilter ALL = new RunFilter(List.of());

    private final List<String> conditions;

    private RunFilter(List<String> conditions) {
        this.conditions = conditions;
    }

    /** All runs. */
    public static RunFilter all() {
        return ALL;
    }

    public RunFilter state(RunState state) {
        return with("state", state.name());
    }

    /** By the name of a command of the catalogue. */
    public RunFilter command(String command) {
        return with("command", command);
    }

    /** With a task on this node. */
    public RunFilter node(String node) {
        return with("node", node);
    }

    /** Several labels mean all of them. */
    public RunFilter label(String key, String value) {
        return with("label", key + "=" + value);
    }

    public RunFilter createdBy(String caller) {
        return with("createdBy", caller);
    }

    /** Accepted at this instant or later. */
    public RunFilter since(Instant since) {
        return with("since", since.toString());
    }

    /** Accepted before this instant. */
    public RunFilter until(Instant until) {
        return with("until", until.toString());
    }

    private RunFilter with(String name, String value) {
        List<String> more = new ArrayList<>(conditions);
        more.add(name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8));
        return new RunFilter(List.copyOf(more));
    }

    /**
     * As the query string of {@code GET /runs}, for {@link HufuClient#get}.
     *
     * @param limit runs of a page, 1 to 500
     * @param cursor empty for the first page
     */
    public String query(int limit, String cursor) {
        List<String> all = new ArrayList<>(conditions);
        all.add("limit=" + limit);
        if (!cursor.isEmpty()) {
            all.add("cursor=" + URLEncoder.encode(cursor, StandardCharsets.UTF_8));
        }
        return "?" + String.join("&", all);
    }

    @Override
    public String toString() {
        return String.join("&", conditions);
    }
}
