/** Tests against real servers: processes of their own, reached over HTTP, killed and started again. */
@NullMarked
package dev.hufu.it;

import org.jspecify.annotations.NullMarked;
