/** Tests of this package. */
@NullMarked
package dev.hufu.server.audit;

import org.jspecify.annotations.NullMarked;
