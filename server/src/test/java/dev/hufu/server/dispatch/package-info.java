/** Tests of this package. */
@NullMarked
package dev.hufu.server.dispatch;

import org.jspecify.annotations.NullMarked;
