/** Tests. */
@NullMarked
package dev.hufu.server.log;

import org.jspecify.annotations.NullMarked;
