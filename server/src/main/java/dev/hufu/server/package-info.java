/** The server: its composition root, and node {@code local}. */
@NullMarked
package dev.hufu.server;

import org.jspecify.annotations.NullMarked;
