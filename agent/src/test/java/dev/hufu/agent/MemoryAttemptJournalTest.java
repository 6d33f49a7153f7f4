package dev.hufu.agent;

final class MemoryAttemptJournalTest extends AttemptJournalContract {
    private final MemoryAttemptJournal.Disk disk = new MemoryAttemptJournal.Disk();

    @Override
    AttemptJournal journal() {
        return new MemoryAttemptJournal(disk);
    }
}
