/** Tests. */
@NullMarked
package dev.hufu.server.auth;

import org.jspecify.annotations.NullMarked;
