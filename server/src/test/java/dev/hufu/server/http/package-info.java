/** Tests. */
@NullMarked
package dev.hufu.server.http;

import org.jspecify.annotations.NullMarked;
