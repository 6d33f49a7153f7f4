package dev.hufu.server.store.sql;

import java.sql.SQLException;

/** How transactions of the writing connection begin and end, and what a full volume means. Used by the writer's thread alone. */
public interface Transactions {
    void begin() throws SQLException;

    /**
     * Ends the transaction; it is durable when this returns.
     *
     * @throws SQLException where it is void, or what became of it could not be found out
     */
    void commit() throws SQLException;

    /** Ends what {@link #begin} began, where it is still open. */
    void rollBack() throws SQLException;

    void close() throws SQLException;

    /** Whether there is hardly any room, so that nothing new is begun. */
    default boolean spent() {
        return false;
    }

    /** Looks whether there is room again. */
    default void restore() {}

    /** Gives up room that was kept free for what must be written; false where there is none to give. */
    default boolean spend() throws SQLException {
        return false;
    }
}
