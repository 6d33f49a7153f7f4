package dev.hufu.protocol;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What an agent tells a server. Reports are idempotent by attempt: sent again, they change nothing. Answers to calls are sent
 * once, and are worth nothing after the session.
 */
public sealed interface AgentMessage {
    /**
     * The first message of a session.
     *
     * @param facts of the node's machine, for people and for selection, such as its architecture
     * @param known every attempt the agent has a record of and whose end the server has not acknowledged; an attempt that is
     *     not here and not acknowledged was never accepted
     */
    record Hello(String node, String version, int capacity, Map<String, String> facts, List<Known> known)
            implements AgentMessage {
        public Hello {
            facts = Map.copyOf(facts);
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

    /** After the greeting: the tasks whose attempts share something that is kept here. */
    record Keeps(List<TaskId> tasks) implements AgentMessage {
        public Keeps {
            tasks = List.copyOf(tasks);
        }
    }

    /** The process was started. */
    record Started(AttemptId attempt, Instant at, long pid) implements AgentMessage {}

    /** KILL was sent and the kernel holds something back ({@code pending}), or no longer does. */
    record KillPending(AttemptId attempt, boolean pending) implements AgentMessage {}

    /** The attempt has ended; sent again until it is acknowledged. */
    record Ended(AttemptId attempt, Outcome outcome) implements AgentMessage {}

    /** Answers {@link ServerMessage.ListProcesses}. */
    record ProcessesListed(AttemptId attempt, long call, ProcessList list) implements AgentMessage {}

    /** Answers {@link ServerMessage.SendSignal}: it is on its way to the process. */
    record SignalSent(AttemptId attempt, long call) implements AgentMessage {}

    /** Answers any call that was not done. */
    record NotDone(AttemptId attempt, long call, Why why) implements AgentMessage {
        public enum Why {
            /** No process of this attempt runs here. */
            NOT_RUNNING,
            /** It runs, and cannot be reached now. */
            UNREACHABLE
        }
    }
}
