package dev.hufu.server.fleet;

import dev.hufu.server.store.RunStore;
import dev.hufu.support.Timers;

/** What callers can ask of the fleet: what nodes there are, and what goes on in a task. */
public record Fleet(Nodes nodes, LiveTasks tasks) {
    /** What is asked through these sessions. */
    public static Fleet of(AgentSessions sessions, RunStore store, Timers timers) {
        return new Fleet(new Nodes(sessions, store, timers), new LiveTasks(sessions, store, timers));
    }
}
