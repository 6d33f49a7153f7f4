/** The record of runs in a PostgreSQL database. */
@NullMarked
package dev.hufu.server.store.postgres;

import org.jspecify.annotations.NullMarked;
