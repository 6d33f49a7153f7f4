/** The record of runs, tasks and attempts: one seam, whose drivers lie below it. */
@NullMarked
package dev.hufu.server.store;

import org.jspecify.annotations.NullMarked;
