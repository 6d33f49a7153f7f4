/** How log events are written. */
@NullMarked
package dev.hufu.server.log;

import org.jspecify.annotations.NullMarked;
