package dev.hufu.server.store.sql;

import java.sql.SQLException;

/** What one database says or does differently from another. Stateless. */
public interface Dialect {
    /** What an SQL error means for the store. */
    enum Meaning {
        /** The statement was wrong, or the row impossible: only the unit of work fails. */
        REFUSED,
        /** The store cannot do it now. */
        UNAVAILABLE,
        /** The store is never to be written again by this process. */
        BROKEN
    }

    Meaning meaning(SQLException failure);

    /** Whether there is no room on the volume. */
    boolean full(SQLException failure);

    /** Whether units of work that failed together may succeed one by one. */
    boolean worthOneByOne(SQLException failure);

    /** Said after a table: that it is to be read by this index; nothing where this cannot be said. */
    String indexedBy(String index);

    /** A join whose left side is walked first, where this can be said. */
    String walkingJoin();

    /** A table of the entries, {@code key} and {@code value}, of a JSON object. */
    String entries(String json);

    /** Whether parameters are numbered, as in {@code ?2}, so that one may stand in several places. */
    boolean numbersParameters();

    /** Whether rows that are only appended are sent together. */
    boolean batches();

    /** A text as the database can keep it. */
    String kept(String text);

    /** The text that {@link #kept} was given. */
    String given(String kept);
}
