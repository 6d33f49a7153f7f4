/** Where output lies and how a reader finds it. */
@NullMarked
package dev.hufu.server.output;

import org.jspecify.annotations.NullMarked;
