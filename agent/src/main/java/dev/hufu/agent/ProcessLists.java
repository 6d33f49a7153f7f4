package dev.hufu.agent;

import dev.hufu.exec.ProcessInfo;
import dev.hufu.exec.ProcessTree;
import dev.hufu.protocol.ProcessList;

/** Makes the protocol's list of what the process library found. Stateless. */
final class ProcessLists {
    private ProcessLists() {}

    static ProcessList of(ProcessTree tree) {
        return new ProcessList(
                tree.takenAt(),
                tree.processes().stream().map(ProcessLists::item).toList(),
                tree.truncated());
    }

    private static ProcessList.Item item(ProcessInfo process) {
        return new ProcessList.Item(
                process.pid(),
                process.parent(),
                process.name(),
                process.argv(),
                process.argvTruncated(),
                state(process.state()),
                process.user().toMillis(),
                process.system().toMillis(),
                process.residentBytes(),
                process.threads(),
                process.waitsOn(),
                process.kernelStack());
    }

    private static ProcessList.State state(ProcessInfo.State state) {
        return switch (state) {
            case RUNNING -> ProcessList.State.RUNNING;
            case SLEEPING -> ProcessList.State.SLEEPING;
            case UNINTERRUPTIBLE -> ProcessList.State.UNINTERRUPTIBLE;
            case STOPPED -> ProcessList.State.STOPPED;
            case TRACED -> ProcessList.State.TRACED;
            case ZOMBIE -> ProcessList.State.ZOMBIE;
            case DEAD -> ProcessList.State.DEAD;
            case OTHER -> ProcessList.State.OTHER;
        };
    }
}
