package dev.hufu.agent;

import java.nio.file.Path;

/**
 * What an agent needs to know of its node.
 *
 * @param node the node's name
 * @param dataDirectory where journal and attempt files lie; made where it is missing
 * @param maxRunning attempts at once
 * @param maxStarting attempts whose start is not over at once, see {@link dev.hufu.exec.StartGate}
 * @param allowPrivilegeGain whether set-user-id programs work on this node
 */
public record AgentConfig(
        String node, Path dataDirectory, int maxRunning, int maxStarting, boolean allowPrivilegeGain) {
    public static final int DEFAULT_MAX_RUNNING = 1_000;

    public AgentConfig {
        if (!dataDirectory.isAbsolute()) {
            throw new IllegalArgumentException("the data directory must be absolute");
        }
        if (maxRunning < 1 || maxStarting < 1) {
            throw new IllegalArgumentException("at least one attempt must be able to run and to start");
        }
    }
}
