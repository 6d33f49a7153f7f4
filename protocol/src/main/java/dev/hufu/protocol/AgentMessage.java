package dev.hufu.protocol;

import java.time.Instant;
import java.util.List;

/** What an agent tells a server. Every message is idempotent by attempt: sent again, it changes nothing. */
public sealed interface AgentMessage {
    /**
     * The first message of a session.
     *
     * @param known every attempt the agent has a record of and whose end the server has not acknowledged; an attempt that is
     *     not here and not acknowledged was never accepted
     */
    record Hello(String node, String version, int capacity, List<Known> known) implements AgentMessage {
        public Hello {
            known = List.copyOf(known);
        }
    }

    /** An attempt the agent has a record of. */
    record Known(AttemptId attempt, Phase phase) {
        public enum Phase {
            STARTING,
            RUNNING,
            ENDED
        }
    }

    /** The process was started. */
    record Started(AttemptId attempt, Instant at, long pid) implements AgentMessage {}

    /** KILL was sent and the kernel holds something back ({@code pending}), or no longer does. */
    record KillPending(AttemptId attempt, boolean pending) implements AgentMessage {}

    /** The attempt has ended; sent again until it is acknowledged. */
    record Ended(AttemptId attempt, Outcome outcome) implements AgentMessage {}
}
