/** Time, threads and the start/stop contract, the only places where they come from. */
@NullMarked
package dev.hufu.support;

import org.jspecify.annotations.NullMarked;
