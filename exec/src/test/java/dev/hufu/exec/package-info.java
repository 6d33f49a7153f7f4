/** Tests of the launchers, by contract. */
@NullMarked
package dev.hufu.exec;

import org.jspecify.annotations.NullMarked;
