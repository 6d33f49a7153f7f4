/** The record of runs in SQL: what every driver below the seam shares, and what each says of its database. */
@NullMarked
package dev.hufu.server.store.sql;

import org.jspecify.annotations.NullMarked;
