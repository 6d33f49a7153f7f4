/** Tests. */
@NullMarked
package dev.hufu.server.units;

import org.jspecify.annotations.NullMarked;
