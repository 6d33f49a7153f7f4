/** Who calls, and what a caller may do. */
@NullMarked
package dev.hufu.server.auth;

import org.jspecify.annotations.NullMarked;
