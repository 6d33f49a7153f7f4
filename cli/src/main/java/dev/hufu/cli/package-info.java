/** The command line, one class per verb. */
@NullMarked
package dev.hufu.cli;

import org.jspecify.annotations.NullMarked;
