/** Tests of the shared words. */
@NullMarked
package dev.hufu.protocol;

import org.jspecify.annotations.NullMarked;
