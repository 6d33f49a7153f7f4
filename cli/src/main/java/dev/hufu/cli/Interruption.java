package dev.hufu.cli;

import dev.hufu.cli.terminal.Surroundings;
import dev.hufu.client.HufuClient;
import dev.hufu.client.HufuException;
import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.RunId;
import dev.hufu.support.Threads;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The wish to stop a run: the first one cancels it, the second kills it and leaves. Wishes come on threads of their own; one that
 * comes before the run has an id is kept until then. State is kept by the object's lock, and no call is made under it.
 */
final class Interruption {
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Surroundings surroundings;
    private final HufuClient client;
    private @Nullable RunId run;
    private int wishes;

    Interruption(Surroundings surroundings, HufuClient client) {
        this.surroundings = surroundings;
        this.client = client;
    }

    void listen() {
        surroundings.signals().listen(this::wished);
    }

    /** From now on it is known what to stop. */
    void accepted(RunId accepted) {
        boolean already;
        synchronized (this) {
            run = accepted;
            already = wishes > 0;
        }
        if (already) {
            cancelInBackground(accepted);
        }
    }

    private void wished() {
        RunId known;
        int count;
        synchronized (this) {
            known = run;
            count = ++wishes;
        }
        if (count == 1) {
            surroundings.remark(
                    known == null
                            ? "cancelling as soon as the run has an id; once more leaves at once"
                            : "cancelling " + known + "; once more kills it");
            if (known != null) {
                cancelInBackground(known);
            }
            return;
        }
        if (known == null) {
            surroundings.say("left before the server answered: a run may have been started");
        } else {
            kill(known);
        }
        surroundings.leave().accept(ExitCode.CANCELLED);
    }

    /** Whether the server hears of it or not, this program is left soon. */
    private void kill(RunId known) {
        surroundings.remark("killing " + known);
        Thread asking = Threads.platform("kill", () -> {
            try {
                client.cancel(known, Duration.ZERO);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            } catch (HufuException failed) {
                surroundings.say("could not kill " + known + ": " + failed.getMessage());
            }
        });
        asking.start();
        try {
            asking.join(PATIENCE);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        surroundings.say("left " + known + "; 'hufu show " + known + "' tells what became of it");
    }

    private void cancelInBackground(RunId known) {
        Threads.platform("cancel", () -> {
                    try {
                        cancel(known);
                    } catch (InterruptedException _) {
                        Thread.currentThread().interrupt();
                    }
                })
                .start();
    }

    /** Asks to stop the run; says so where that came to nothing. */
    void cancel(RunId known) throws InterruptedException {
        try {
            client.cancel(known);
        } catch (HufuException.Refused refused) {
            if (refused.kind().orElse(null) != ErrorKind.CONFLICT) {
                surroundings.say("could not cancel " + known + ": " + refused.getMessage());
            }
            // In conflict it has ended by itself, and that is then what it exits with.
        } catch (HufuException lost) {
            surroundings.say("could not cancel " + known + ": " + lost.getMessage());
        }
    }
}
