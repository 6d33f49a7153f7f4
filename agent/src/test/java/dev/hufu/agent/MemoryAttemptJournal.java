package dev.hufu.agent;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A journal whose disk is a map that outlives it. */
final class MemoryAttemptJournal implements AttemptJournal {
    /** What is durable, for one journal after the other. */
    static final class Disk {
        private final Map<AttemptId, JournalRecord> live = new LinkedHashMap<>();
        private @Nullable MemoryAttemptJournal user;
        private boolean dead;

        /** From now on nothing reaches the disk and nothing returns, as when the agent was killed; for the present user. */
        synchronized void cutOff() {
            dead = true;
        }

        /** The power is back, for the next user. */
        synchronized void revive() {
            dead = false;
            user = null;
        }

        synchronized List<JournalRecord> live() {
            return List.copyOf(live.values());
        }
    }

    private final Disk disk;

    MemoryAttemptJournal(Disk disk) {
        this.disk = disk;
    }

    @Override
    public List<JournalRecord> open() throws IOException {
        synchronized (disk) {
            if (disk.user != null) {
                throw new IOException("in use by another agent");
            }
            disk.user = this;
            return disk.live();
        }
    }

    @Override
    public void starting(AttemptId attempt, Instant at) throws IOException {
        synchronized (disk) {
            check();
            disk.live.putIfAbsent(attempt, new JournalRecord.Starting(attempt, at));
        }
    }

    @Override
    public void ended(AttemptId attempt, Outcome outcome) throws IOException {
        synchronized (disk) {
            check();
            disk.live.put(attempt, new JournalRecord.Ended(attempt, outcome));
        }
    }

    @Override
    public void acknowledged(AttemptId attempt) {
        synchronized (disk) {
            if (disk.user == this && !disk.dead) {
                disk.live.remove(attempt);
            }
        }
    }

    private void check() throws IOException {
        if (disk.user != this || disk.dead) {
            throw new IOException("the journal is closed");
        }
    }

    @Override
    public void close() {
        synchronized (disk) {
            if (disk.user == this) {
                disk.user = null;
            }
        }
    }
}
