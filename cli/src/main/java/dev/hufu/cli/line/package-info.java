/** The command line's own model: verbs, options and operands as data, and all that is made of them. Knows nothing of Hufu. */
@NullMarked
package dev.hufu.cli.line;

import org.jspecify.annotations.NullMarked;
