/** Gives pending tasks to nodes with free slots. */
@NullMarked
package dev.hufu.server.dispatch;

import org.jspecify.annotations.NullMarked;
