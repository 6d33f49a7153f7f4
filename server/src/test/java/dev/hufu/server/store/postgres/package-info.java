@NullMarked
package dev.hufu.server.store.postgres;

import org.jspecify.annotations.NullMarked;
