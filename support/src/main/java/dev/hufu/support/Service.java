package dev.hufu.support;

/** A long-lived object: started at most once; {@link #stop} is idempotent and legal before {@link #start}. */
public interface Service {
    /** @throws IllegalStateException when it was started or stopped before */
    void start();

    /** Returns when everything this object owns has ended. */
    void stop();
}
