/** Runs command lines: starts, bounds, streams, stops whole process trees, and tells exactly how each ended. */
@NullMarked
package dev.hufu.exec;

import org.jspecify.annotations.NullMarked;
