/** Tests of this package. */
@NullMarked
package dev.hufu.server.run;

import org.jspecify.annotations.NullMarked;
