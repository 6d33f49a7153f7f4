/** The hash chain over what was ordered and what happened. */
@NullMarked
package dev.hufu.server.audit;

import org.jspecify.annotations.NullMarked;
