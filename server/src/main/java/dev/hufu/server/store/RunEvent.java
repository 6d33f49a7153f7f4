package dev.hufu.server.store;

/**
 * Something that happened to a run, in its place in the run's history, and how things were from then on. Of the run itself:
 * a change of its state, or that it is to be cancelled. Of a task: every change.
 */
public sealed interface RunEvent {
    /** From 1, without gaps within a run. */
    long sequence();

    record OfRun(long sequence, RunRecord run) implements RunEvent {}

    /** {@code task} has the attempts that it had at that time. */
    record OfTask(long sequence, TaskRecord task) implements RunEvent {}
}
