/** The structure, held by the build. */
@NullMarked
package dev.hufu.architecture;

import org.jspecify.annotations.NullMarked;
