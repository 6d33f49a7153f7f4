package dev.hufu.client;

/** A change of a run or of one of its tasks. */
public sealed interface RunEvent {
    /** Grows within the run, also over restarts of the server; {@link HufuClient#events(dev.hufu.protocol.RunId, String)} goes on after it. */
    String id();

    /** A task as it was after the change, without its output. */
    record OfTask(String id, Task task) implements RunEvent {}

    /** The run as it was after the change. */
    record OfRun(String id, Run run) implements RunEvent {}
}
