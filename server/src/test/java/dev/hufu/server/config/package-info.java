/** Tests. */
@NullMarked
package dev.hufu.server.config;

import org.jspecify.annotations.NullMarked;
