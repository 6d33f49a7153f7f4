/** Tests of this package. */
@NullMarked
package dev.hufu.server.store;

import org.jspecify.annotations.NullMarked;
