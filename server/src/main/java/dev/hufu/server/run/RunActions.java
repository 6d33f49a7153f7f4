package dev.hufu.server.run;

/**
 * What callers can do with runs: order them, wait for their end, cancel them, order them again.
 *
 * @param bounds what an order may ask for
 */
public record RunActions(
        Submissions submissions, RunWaits waits, Cancellations cancellations, Retries retries, RequestBounds bounds) {}
