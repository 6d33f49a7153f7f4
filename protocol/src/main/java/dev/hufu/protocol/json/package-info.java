/** JSON for short-lived programs. */
@NullMarked
package dev.hufu.protocol.json;

import org.jspecify.annotations.NullMarked;
