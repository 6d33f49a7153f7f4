package dev.hufu.server.auth;

/** What a route asks of its caller. */
public enum Permission {
    /** Nothing: open to everybody. */
    PUBLIC,
    /** To be known. */
    READ,
    /** To run commands. */
    SUBMIT,
    /** To stop them. */
    CANCEL,
    /** To send signals to what runs. */
    SIGNAL
}
