package dev.hufu.server.store.sql;

import dev.hufu.server.store.StoreUnavailableException;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Something a store thread does for a caller, who waits for it: what came of it is shown only by {@link #publish}. The
 * wait is not cut short by interrupts, since the caller could not tell whether the work was done.
 */
public final class Work<T extends @Nullable Object> {
    /** Done on the store's thread. */
    @FunctionalInterface
    public interface Body<T extends @Nullable Object> {
        T run(Statements statements) throws SQLException;
    }

    /** What a full volume means for it. */
    public enum Urgency {
        /** Begins something: not done while the reserve is spent. */
        NEW,
        /** Ends what has begun: the reserve is for this. */
        NEEDED
    }

    private final Body<T> body;
    private final Urgency urgency;
    private final CompletableFuture<T> future = new CompletableFuture<>();
    private Runnable publication = () -> {};

    public Work(Body<T> body) {
        this(body, Urgency.NEEDED);
    }

    public Work(Body<T> body, Urgency urgency) {
        this.body = body;
        this.urgency = urgency;
    }

    Urgency urgency() {
        return urgency;
    }

    public void run(Statements statements) throws SQLException {
        T result = body.run(statements);
        publication = () -> future.complete(result);
    }

    public void fail(Throwable failure) {
        publication = () -> future.completeExceptionally(failure);
    }

    public void publish() {
        publication.run();
    }

    public T await() {
        try {
            return future.join();
        } catch (CompletionException failed) {
            // The same object goes to the one caller it belongs to.
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (failed.getCause() instanceof Error cause) {
                throw cause;
            }
            throw new StoreUnavailableException("The store failed.", failed);
        }
    }
}
