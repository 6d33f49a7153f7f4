package dev.hufu.server.dispatch;

import dev.hufu.protocol.AttemptId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The slots of one node that are taken: by every attempt that is dispatched or running, and no other. Thread-safe. While it
 * is loaded, what ends meanwhile is kept aside, since the store may be read before and heard after.
 */
final class Slots {
    private static final Duration FIRST_PATIENCE = Duration.ofSeconds(10);
    private static final Duration LONGEST_PATIENCE = Duration.ofMinutes(5);

    /** An attempt that takes a slot; its agent has been silent about it for so long. */
    private static final class Taken {
        private boolean accepted;
        private long offeredAt;
        private Duration patience = FIRST_PATIENCE;

        Taken(boolean accepted, long offeredAt) {
            this.accepted = accepted;
            this.offeredAt = offeredAt;
        }
    }

    private final Map<AttemptId, Taken> taken = new HashMap<>();
    private final Set<AttemptId> freedWhileLoading = new HashSet<>();
    private boolean loaded;

    synchronized boolean loaded() {
        return loaded;
    }

    /** Begins with these, read from the store after this object was made. */
    synchronized void load(Map<AttemptId, Boolean> acceptedByAttempt, long now) {
        acceptedByAttempt.forEach((attempt, accepted) -> taken.put(attempt, new Taken(accepted, now)));
        taken.keySet().removeAll(freedWhileLoading);
        freedWhileLoading.clear();
        loaded = true;
    }

    synchronized int size() {
        return taken.size();
    }

    synchronized void take(AttemptId attempt, long now) {
        taken.put(attempt, new Taken(false, now));
    }

    synchronized void accepted(AttemptId attempt) {
        Taken known = taken.get(attempt);
        if (known != null) {
            known.accepted = true;
        }
    }

    /** Answers whether it took one. */
    synchronized boolean free(AttemptId attempt) {
        if (!loaded) {
            freedWhileLoading.add(attempt);
        }
        return taken.remove(attempt) != null;
    }

    /** The attempts to be offered again; each is then left alone twice as long as before. */
    synchronized List<AttemptId> silent(long now) {
        List<AttemptId> silent = new ArrayList<>();
        taken.forEach((attempt, known) -> {
            if (!known.accepted && now - known.offeredAt >= known.patience.toNanos()) {
                silent.add(attempt);
                known.offeredAt = now;
                Duration doubled = known.patience.multipliedBy(2);
                known.patience = doubled.compareTo(LONGEST_PATIENCE) < 0 ? doubled : LONGEST_PATIENCE;
            }
        });
        return silent;
    }
}
