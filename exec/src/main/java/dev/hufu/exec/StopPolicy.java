package dev.hufu.exec;

import java.time.Duration;

/**
 * How to stop a process tree: SIGTERM to all of it, then, after the grace, SIGKILL until nothing is left.
 *
 * @param cause recorded with the result; the first stop's cause stands
 * @param grace time between SIGTERM and SIGKILL; zero kills at once
 */
public record StopPolicy(StopCause cause, Duration grace) {
    /** @throws IllegalArgumentException if the grace is negative */
    public StopPolicy {
        if (grace.isNegative()) {
            throw new IllegalArgumentException("grace is negative");
        }
    }

    /** For {@link StopCause#REQUESTED}, with that grace. */
    public static StopPolicy requested(Duration grace) {
        return new StopPolicy(StopCause.REQUESTED, grace);
    }
}
