/** JSON as the API reads and writes it, and what is said of text that is not as it should be. */
@NullMarked
package dev.hufu.server.http.json;

import org.jspecify.annotations.NullMarked;
