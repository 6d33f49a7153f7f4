package dev.hufu.exec;

/** One of the two streams a process writes. */
public enum StreamName {
    STDOUT,
    STDERR
}
