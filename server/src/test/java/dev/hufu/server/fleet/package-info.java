/** Tests of this package. */
@NullMarked
package dev.hufu.server.fleet;

import org.jspecify.annotations.NullMarked;
