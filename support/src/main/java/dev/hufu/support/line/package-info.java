/**
 * The command line's own model: verbs, options and operands as data, and all that is made of them. Of Hufu it knows the
 * programs that are started beside the command line, and nothing else.
 */
@NullMarked
package dev.hufu.support.line;

import org.jspecify.annotations.NullMarked;
