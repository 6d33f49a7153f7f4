package dev.hufu.server;

import dev.hufu.support.Threads;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** A part of the start that goes on beside the others, on a thread of its own, which ends with it. */
final class Beginning {
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    private Beginning() {}

    static Beginning of(String thread, Runnable part) {
        Beginning beginning = new Beginning();
        Threads.platform(thread, () -> {
                    try {
                        part.run();
                        beginning.done.complete(null);
                    } catch (RuntimeException | Error failed) {
                        beginning.done.completeExceptionally(failed);
                    }
                })
                .start();
        return beginning;
    }

    /** Waits for its end; throws what it threw. */
    void await() {
        try {
            done.join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw failed;
        }
    }
}
