package dev.hufu.server.store.sql;

/** Who reads for callers. Thread-safe; callers wait. */
public interface Reads {
    /** Reads in one transaction, so that what is read fits together, and sees all that was committed before it began. */
    <T> T read(Work.Body<T> reading);

    /** What is being read is finished. */
    void close();
}
