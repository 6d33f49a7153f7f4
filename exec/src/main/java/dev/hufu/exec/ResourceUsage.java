package dev.hufu.exec;

import java.time.Duration;

/**
 * What an attempt used, summed over every process that was reaped for it (source: {@code wait4(2)}).
 *
 * @param wall from start to the main process's end, monotonic
 * @param maxResidentBytes the largest resident set of any one process
 */
public record ResourceUsage(Duration wall, Duration user, Duration system, long maxResidentBytes) {}
