/** Tests of the command line, against a server that behaves as a test tells it to. */
@NullMarked
package dev.hufu.cli;

import org.jspecify.annotations.NullMarked;
