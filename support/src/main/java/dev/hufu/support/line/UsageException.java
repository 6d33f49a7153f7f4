package dev.hufu.support.line;

/** The command line is wrong; the message says how, in words for who typed it. */
public final class UsageException extends RuntimeException {
    public UsageException(String message) {
        super(message);
    }
}
