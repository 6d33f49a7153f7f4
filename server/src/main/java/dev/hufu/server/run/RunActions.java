package dev.hufu.server.run;

/**
 * What callers can do with runs: order them, wait for their end, cancel them, order them again.
 *
 * @param largestOutput what an order may let be kept of each stream, in bytes
 */
public record RunActions(
        Submissions submissions, RunWaits waits, Cancellations cancellations, Retries retries, long largestOutput) {}
