package dev.hufu.server.store;

import java.util.List;

/**
 * A part of a list of runs.
 *
 * @param more whether the list goes on after the last of these
 */
public record RunPage(List<RunRecord> runs, boolean more) {
    public RunPage {
        runs = List.copyOf(runs);
    }
}
