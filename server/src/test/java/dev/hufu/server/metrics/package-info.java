/** Tests. */
@NullMarked
package dev.hufu.server.metrics;

import org.jspecify.annotations.NullMarked;
