package dev.hufu.exec.internal;

import dev.hufu.exec.KillReport;
import dev.hufu.exec.Signals;
import dev.hufu.exec.StopCause;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A process and those found below it, as long as somebody looks: who was found stays known after its parents are gone, who was
 * not is out of reach. Owned by one thread.
 */
final class JdkTree {
    private static final int MAX_STEPS = Protocol.MAX_STEPS;

    private final InstantSource clock;
    private final Set<ProcessHandle> known = new LinkedHashSet<>();
    private final List<KillReport.Step> steps = new ArrayList<>();
    private @Nullable Instant began;

    JdkTree(ProcessHandle main, InstantSource clock) {
        this.clock = clock;
        known.add(main);
    }

    void look() {
        for (ProcessHandle each : List.copyOf(known)) {
            each.descendants().forEach(known::add);
        }
        known.removeIf(each -> !each.isAlive());
    }

    boolean isAlive() {
        return known.stream().anyMatch(ProcessHandle::isAlive);
    }

    void terminate() {
        look();
        note(Signals.SIGTERM, signal(false));
    }

    /** Kills all that is found; false where nothing was left to be killed. */
    boolean killRound() {
        look();
        if (!isAlive()) {
            lastSurvivors(0);
            return false;
        }
        lastSurvivors((int) known.stream().filter(ProcessHandle::isAlive).count());
        note(Signals.SIGKILL, signal(true));
        return true;
    }

    /** How many were alive. */
    int signal(boolean kill) {
        int signalled = 0;
        for (ProcessHandle each : known) {
            if (each.isAlive() && (kill ? each.destroyForcibly() : each.destroy())) {
                signalled++;
            }
        }
        return signalled;
    }

    private void note(int signal, int signalled) {
        Instant now = clock.instant();
        began = began == null ? now : began;
        if (steps.size() == MAX_STEPS) {
            steps.removeLast();
        }
        steps.add(new KillReport.Step(signal, now, signalled, signalled));
    }

    private void lastSurvivors(int count) {
        if (!steps.isEmpty()) {
            KillReport.Step last = steps.removeLast();
            steps.add(new KillReport.Step(last.signal(), last.at(), last.signalled(), count));
        }
    }

    /** Null where nothing was stopped. */
    @Nullable
    KillReport report(StopCause cause) {
        Instant first = began;
        if (first == null) {
            return null;
        }
        Duration duration = Duration.between(first, clock.instant());
        return new KillReport(
                cause, KillReport.Proof.WHAT_WAS_FOUND, steps, duration.isNegative() ? Duration.ZERO : duration);
    }
}
