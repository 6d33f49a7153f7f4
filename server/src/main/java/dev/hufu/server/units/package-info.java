/** Durations and sizes as people write them. */
@NullMarked
package dev.hufu.server.units;

import org.jspecify.annotations.NullMarked;
