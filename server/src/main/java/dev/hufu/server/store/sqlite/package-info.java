/** The record of runs in one SQLite file. */
@NullMarked
package dev.hufu.server.store.sqlite;

import org.jspecify.annotations.NullMarked;
