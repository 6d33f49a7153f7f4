package dev.hufu.server.fleet;

import dev.hufu.protocol.TaskState;
import dev.hufu.server.run.NodeAbilities;
import dev.hufu.server.run.Submissions;
import dev.hufu.server.store.RunStore;
import dev.hufu.support.Timers;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The nodes there are, and what is known of each. Asks the sessions and the store each time; thread-safe. */
public final class Nodes {
    private static final List<TaskState> TAKES_A_SLOT = List.of(TaskState.DISPATCHED, TaskState.RUNNING);

    private final AgentSessions sessions;
    private final RunStore store;
    private final Timers timers;

    public Nodes(AgentSessions sessions, RunStore store, Timers timers) {
        this.sessions = sessions;
        this.store = store;
        this.timers = timers;
    }

    /** Nodes in order of name, from the one after {@code after} on. */
    public List<NodeStatus> list(@Nullable String after, int limit) {
        NavigableMap<String, NodeStatus> known = known();
        return (after == null ? known : known.tailMap(after, false))
                .values().stream().limit(limit).toList();
    }

    public Optional<NodeStatus> node(String name) {
        return Optional.ofNullable(known().get(name));
    }

    /** What a node can hold runs to; empty where its agent never greeted. */
    public static Optional<NodeAbilities> abilities(AgentSessions sessions, String name) {
        return Optional.ofNullable(sessions.greeted().get(name))
                .map(session -> NodeAbilities.of(session.greeting().facts()));
    }

    /** How many of a node's slots are taken. */
    public int running(String name) {
        return store.countOpenTasks(name, TAKES_A_SLOT);
    }

    private NavigableMap<String, NodeStatus> known() {
        NavigableMap<String, NodeStatus> known = new TreeMap<>();
        known.put(Submissions.LOCAL_NODE, new NodeStatus(Submissions.LOCAL_NODE, false, Map.of(), null, null, null));
        sessions.greeted().forEach((name, session) -> known.put(name, status(session)));
        return known;
    }

    private NodeStatus status(AgentSession session) {
        AgentSession.Greeting greeting = session.greeting();
        boolean online = session.open();
        // The agent of node local lives in this process, so it need not say that it does.
        Instant lastSeenAt =
                online && session.node().equals(Submissions.LOCAL_NODE) ? timers.now() : session.lastSeenAt();
        return new NodeStatus(
                session.node(), online, greeting.facts(), greeting.version(), greeting.capacity(), lastSeenAt);
    }
}
