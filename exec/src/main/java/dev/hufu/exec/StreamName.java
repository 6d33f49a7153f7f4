package dev.hufu.exec;

/** One of the two streams a process writes. */
public enum StreamName {
    /** Descriptor 1. */
    STDOUT,
    /** Descriptor 2. */
    STDERR
}
