/** The lifecycle of runs: accepting, changing state, cancelling, waiting. */
@NullMarked
package dev.hufu.server.run;

import org.jspecify.annotations.NullMarked;
