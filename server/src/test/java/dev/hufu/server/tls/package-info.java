/** Tests. */
@NullMarked
package dev.hufu.server.tls;

import org.jspecify.annotations.NullMarked;
