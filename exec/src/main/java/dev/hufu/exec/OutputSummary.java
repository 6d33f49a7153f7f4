package dev.hufu.exec;

/**
 * How much an attempt wrote.
 *
 * @param stdoutBytes bytes the process wrote, kept or not
 * @param truncated whether bytes are not kept, of a process that waited for its readers: any more
 * @param spoolFull whether that was because the disk had no room, rather than the limit
 */
public record OutputSummary(long stdoutBytes, long stderrBytes, boolean truncated, boolean spoolFull) {}
