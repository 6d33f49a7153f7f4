/** What headers say, read and written. */
@NullMarked
package dev.hufu.server.http.header;

import org.jspecify.annotations.NullMarked;
