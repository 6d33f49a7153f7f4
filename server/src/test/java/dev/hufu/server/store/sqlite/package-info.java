/** Tests of this package. */
@NullMarked
package dev.hufu.server.store.sqlite;

import org.jspecify.annotations.NullMarked;
